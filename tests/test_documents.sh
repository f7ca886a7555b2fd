#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The documents: links have targets, and the README's example is the one in examples/ and works.
. tests/check.sh

# Prints "FILE: TARGET" of links to missing files. A target is relative to the document's folder.
broken_links() {
    for document in "$root"/*.md "$root"/docs/*.md "$root"/docs/*/*.md; do
        sed '/^```/,/^```$/d' "$document" | grep -o '](\([^)]*\))' | sed 's/^](//; s/)$//; s/#.*//' >targets
        while read -r target; do
            case $target in '' | http*) continue ;; esac
            [ -e "$(dirname "$document")/$target" ] || echo "${document#"$root"/}: $target"
        done <targets
    done
}

test_links() {
    broken_links >broken
    not grep . broken
}

# A link's text is a title or words of its sentence, not the name of the page's file.
test_link_texts() {
    not grep -nE '\[[A-Za-z_/-]+\.md\]\(' "$root"/*.md "$root"/docs/*.md "$root"/docs/*/*.md
}

# The configuration in README.md is examples/shop/visits.yaml without comments.
test_readme_configuration() {
    sed -n '/^```yaml$/,/^```$/p' "$root/README.md" | grep -v '^```' >shown
    sed 's/ *#.*//; /^$/d' "$root/examples/shop/visits.yaml" >kept
    [ -s shown ]
    diff kept shown
}

test_readme_example() {
    code 0 "$PLEXUS" fit "$root/examples/shop/visits.yaml"
    has out clicked bought 'saved plexus-out/visits/model.plexus'
    awk '$1 == "test" { part = 1 }
         part && $1 == "AUC" { for (i = 2; i <= 3; i++) if (!($i > 0.7 && $i < 0.9)) exit 1; found = 1 }
         END { if (!found) exit 1 }' out
    head -n 4 "$root/examples/shop/visits.csv" | while read -r line; do has "$root/README.md" "$line"; done
    while read -r line; do has "$root/README.md" "$line"; done <"$root/examples/shop/new.csv"
    code 0 "$PLEXUS" predict plexus-out/visits/model.plexus "$root/examples/shop/new.csv"
    [ "$(wc -l <out)" = 4 ]
}

# docs/metrics.md has a section for each metric of the library's list.
test_metrics_are_documented() {
    for name in $(sed -n 's/^ *X(\([a-z0-9_]*\), ".*/\1/p' "$root/src/train/metric.h"); do
        has "$root/docs/metrics.md" "## $name"
    done
}

run_tests "$@"
