/* app: the workbench as a whole: called by main when the command line names no verb. */
#ifndef CUPEL_UI_MAIN_APP_H
#define CUPEL_UI_MAIN_APP_H
#include "cli/verb.h"

int app_main(const struct cli_start *start); /* exit status */
#endif
