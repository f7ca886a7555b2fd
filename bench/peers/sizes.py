# SPDX-License-Identifier: Apache-2.0
"""The sizes of every model on every data set, as in experiments/: one table that all peers read."""

TASKS = 2

# Columns are all sparse features, then all dense ones, in the files' order.
CENSUS_COLUMNS = """age class_worker det_ind_code det_occ_code education wage_per_hour hs_college marital_stat
    major_ind_code major_occ_code race hisp_origin sex union_member unemp_reason full_or_part_emp capital_gains
    capital_losses stock_dividends tax_filer_stat region_prev_res state_prev_res det_hh_fam_stat det_hh_summ
    instance_weight mig_chg_msa mig_chg_reg mig_move_reg mig_same mig_prev_sunbelt num_emp fam_under_18
    country_father country_mother country_self citizenship own_or_self vet_question vet_benefits weeks_worked
    year income_50k""".split()
CENSUS_DENSE = """age wage_per_hour capital_gains capital_losses stock_dividends instance_weight num_emp own_or_self
    vet_benefits weeks_worked year""".split()
ADULT_COLUMNS = """age workclass fnlwgt education education_num marital_status occupation relationship race sex
    capital_gain capital_loss hours_per_week native_country income""".split()
ADULT_DENSE = "fnlwgt education_num capital_gain capital_loss hours_per_week".split()

# The generated set: rows for training and for the test, vocabularies of the sparse features, dense features.
LARGE_TRAIN, LARGE_TEST = 32768, 16384
LARGE_VOCABULARIES = [10, 100, 1000, 10000] * 6
LARGE_DENSE = 8

DATA = {
    "census": {
        "embedding": 4,
        "batch": 1024,
        "rate": 0.01,
        "models": {
            "shared_bottom": {"bottom": [16], "tower": [8]},
            "esmm": {"tower": [8]},
            "mmoe": {"experts": 8, "expert": [16], "gate": [], "tower": [8]},
            "cgc": {"levels": 1, "specific": 4, "shared": 4, "expert": [16], "gate": [], "tower": [8]},
            "ple": {"levels": 2, "specific": 4, "shared": 4, "expert": [16], "gate": [], "tower": [8]},
        },
    },
    "adult": {
        "embedding": 16,
        "batch": 256,
        "rate": 0.001,
        "models": {
            "shared_bottom": {"bottom": [128, 128], "tower": [64, 32]},
            "esmm": {"tower": [64, 64]},
            "mmoe": {"experts": 8, "expert": [64, 64], "gate": [32, 32], "tower": [32, 32]},
            "cgc": {"levels": 1, "specific": 8, "shared": 4, "expert": [64, 64], "gate": [16, 16], "tower": [32, 32]},
            "ple": {"levels": 2, "specific": 8, "shared": 4, "expert": [64, 64], "gate": [16, 16], "tower": [32, 32]},
        },
    },
    "large": {
        "embedding": 16,
        "batch": 4096,
        "rate": 0.002,
        "models": {
            "mmoe": {"experts": 8, "expert": [256, 128], "gate": [], "tower": [64]},
            "ple": {"levels": 2, "specific": 4, "shared": 4, "expert": [256, 128], "gate": [], "tower": [64]},
        },
    },
}
L2_EMBEDDING = 1e-5
