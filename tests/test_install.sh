#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A program outside the tree uses an installed tree through pkg-config and through CMake; the tree may be moved.
. tests/check.sh

quickstart=$root/examples/quickstart.c

install_tree() {
    cmake --install "$PLEXUS_BUILD" --prefix "$scratch/first" >/dev/null
    mv "$scratch/first" "$scratch/prefix"
}

test_install() {
    install_tree
    cd "$scratch/prefix"
    [ -x bin/plexus ]
    [ -f include/plexus.h ]
    bin/plexus --version | grep -q '^plexus '
    bin/plexus man fit | cmp - share/man/man1/plexus-fit.1
    bin/plexus man | cmp - share/man/man1/plexus.1
    bin/plexus completion bash | cmp - share/bash-completion/completions/plexus
    bin/plexus completion zsh | cmp - share/zsh/site-functions/_plexus
    bin/plexus completion fish | cmp - share/fish/vendor_completions.d/plexus.fish
}

test_pkg_config() {
    PKG_CONFIG_PATH=$(dirname "$(find "$scratch/prefix" -name plexus.pc)")
    export PKG_CONFIG_PATH
    [ "$(pkg-config --modversion plexus)" = "$("$PLEXUS" --version | sed -n '1s/plexus //p')" ]
    # shellcheck disable=SC2046 # flags are words
    "${CC:-cc}" -std=c17 "$quickstart" $(pkg-config --cflags --libs plexus) \
        -Wl,-rpath,"$(pkg-config --variable=libdir plexus)" -o quickstart
    make_config
    code 0 ./quickstart small.yaml . model.plexus
    code 0 "$scratch/prefix/bin/plexus" predict model.plexus rows.csv
}

# The program of docs/tutorial.md gives the command's scores.
test_tutorial_program() {
    sed -n '/^```c$/,/^```$/p' "$root/docs/tutorial.md" | grep -v '^```' >score.c
    PKG_CONFIG_PATH=$(dirname "$(find "$scratch/prefix" -name plexus.pc)")
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046 # flags are words
    "${CC:-cc}" -std=c17 -Wall -Wextra -Werror score.c $(pkg-config --cflags --libs plexus) \
        -Wl,-rpath,"$(pkg-config --variable=libdir plexus)" -o score
    code 0 "$PLEXUS" fit "$root/examples/shop/visits.yaml" --out visits
    code 0 ./score
    mv out scored
    cat >rows.csv <<'CSV'
country,device,source,goods,hour,price,earlier_visits
IT,phone,ad,shoes,20,24.94,3
CH,tablet,letter,books,9,12.50,
CSV
    code 0 "$PLEXUS" predict visits/model.plexus rows.csv
    [ "$(wc -l <scored)" = 2 ]
    sed 1d out | paste -d, scored - | awk -F, '
        { for (i = 1; i <= 2; i++) if ($i - $(i + 2) > 1e-6 || $(i + 2) - $i > 1e-6) exit 1 }'
}

test_find_package() {
    cp "$quickstart" .
    cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(stranger LANGUAGES C)
find_package(plexus 0.1 REQUIRED)
add_executable(quickstart quickstart.c)
target_link_libraries(quickstart PRIVATE plexus::plexus)
CMAKE
    cmake -G Ninja -B b -DCMAKE_PREFIX_PATH="$scratch/prefix" -DCMAKE_C_COMPILER="${CC:-cc}" >log 2>&1 || {
        cat log
        exit 1
    }
    cmake --build b >log 2>&1 || { cat log; exit 1; }
    [ -x b/quickstart ]
}

run_tests "$@"
