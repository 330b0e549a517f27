/* The front door: global options, then a verb or the workbench. */
#include "config.h"
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

int cli_run(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return 0;
	}
	return -1;
}
