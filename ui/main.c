/* main: command line or workbench. */
#include "config.h"
#include "cli/verb.h"

int main(int argc, char **argv)
{
	int status = cli_run(argc, argv);

	return status < 0 ? 0 : status;
}
