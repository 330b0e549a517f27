/* main: command line or workbench. */
#include "config.h"
#include <locale.h>
#include <stdio.h>
#include "cli/verb.h"
#include "ui/app.h"
#include "ui/command/command.h"

/* For the manual: cupel-keys.7 from the rows of commands.def. */
static int dump_keys(void)
{
	struct str out = STR_INIT;

	command_dump_man(&out);
	fwrite(out.s, 1, out.n, stdout);
	str_fini(&out);
	return ferror(stdout) ? 4 : 0;
}

int main(int argc, char **argv)
{
	int status;

	setlocale(LC_CTYPE, "");
	if (argc == 2 && str_eq(argv[1], "--dump-keys"))
		return dump_keys();
	status = cli_run(argc, argv);
	return status < 0 ? app_main(cli_start()) : status;
}
