/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trains a model by a configuration file and saves it: the program that include/plexus.h opens with, its three texts
 * taken from the command line. The experiments look for adult/adult.data.gz in the folder. Build against an installed
 * library:
 *
 *     cc quickstart.c $(pkg-config --cflags --libs plexus) -o quickstart
 *     ./quickstart experiments/adult/mmoe.yaml data model.plexus
 */
#include <stdio.h>

#include <plexus.h>

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s CONFIG DATA_FOLDER MODEL\n", argv[0]);
        return 2;
    }
    const char *folders[] = {argv[2]};
    plx_data_options options = {.size = sizeof options, .folders = folders, .n_folders = 1};
    plx_error error;
    plx_context *context = NULL;
    plx_config *config = NULL;
    plx_data *data = NULL;
    plx_model *model = NULL;
    bool done = plx_context_create(NULL, &context, &error) == PLX_OK &&
                plx_config_read(context, argv[1], &config, &error) == PLX_OK &&
                plx_data_load(config, &options, &data, &error) == PLX_OK &&
                plx_model_create(config, data, &model, &error) == PLX_OK &&
                plx_model_train(model, data, NULL, NULL, &error) == PLX_OK &&
                plx_model_save(model, argv[3], &error) == PLX_OK;
    if (!done) fprintf(stderr, "%s\n", error.message);
    plx_model_free(model);
    plx_data_free(data);
    plx_config_free(config);
    plx_context_free(context);
    return done ? 0 : 1;
}
