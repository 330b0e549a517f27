#include "cli/verb.h"

#include <string.h>

#include "base/str.h"

/* Each shell gets the table of verbs written out in its own language: nothing is called when a
 * person presses Tab. */
static void option_names(const struct verb_option *o)
{
	for (; o && o->name; o++)
		if (o->help)
			printf(" %s", o->name);
}

static void bash(void)
{
	const struct verb *v;

	puts("# bash completion for cupel, written by: cupel completion bash\n"
		"_cupel()\n{\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb= words= i\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		"\t\tcase ${COMP_WORDS[i]} in\n"
		"\t\t--catalog|--root|--threads) i=$((i + 1)) ;;\n"
		"\t\t-*) ;;\n"
		"\t\t*) verb=${COMP_WORDS[i]}; break ;;\n"
		"\t\tesac\n\tdone\n"
		"\tcase $verb in");
	printf("\t'') words='");
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++)
		printf("%s%s", i ? " " : "", v->name);
	printf(" --version");
	option_names(cli_globals);
	puts("' ;;");
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		printf("\t%s) words='", v->name);
		option_names(v->options);
		option_names(cli_globals);
		puts("' ;;");
	}
	printf("\tesac\n\t[ \"$verb\" = help ] && words='");
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++)
		printf("%s%s", i ? " " : "", v->name);
	puts("'\n\tCOMPREPLY=()\n"
		"\tif [ -z \"$verb\" ] || [ \"$verb\" = help ] || [ \"${cur#-}\" != \"$cur\" ]; "
		"then\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		"\tfi\n"
		"\tif [ \"${cur#-}\" = \"$cur\" ] && [ \"$verb\" != help ]; then\n"
		"\t\tlocal files\n"
		"\t\tmapfile -t files < <(compgen -f -- \"$cur\")\n"
		"\t\tCOMPREPLY+=(\"${files[@]}\")\n"
		"\tfi\n}\n"
		"complete -o filenames -F _cupel cupel");
}

/* Inside single quotes of zsh and fish; a colon and brackets mean something to _arguments. */
static void quoted(const char *text, bool zsh)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (zsh && strchr(":[]", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void zsh_options(const struct verb_option *o)
{
	for (; o && o->name; o++) {
		if (!o->help)
			continue;
		printf(" \\\n\t\t\t'%s%s[", o->repeat ? "*" : "", o->name);
		quoted(o->help, true);
		printf("]%s%s%s'", o->arg ? ":" : "", o->arg ? o->arg : "",
			o->arg ? ":_files" : "");
	}
}

static void zsh(void)
{
	const struct verb *v;

	puts("#compdef cupel\n# zsh completion for cupel, written by: cupel completion zsh\n"
		"_cupel()\n{\n"
		"\tlocal state line\n"
		"\ttypeset -A opt_args\n"
		"\tlocal -a verbs=(");
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		printf("\t\t'%s:", v->name);
		quoted(v->help, true);
		puts("'");
	}
	printf("\t)\n\t_arguments -C");
	zsh_options(cli_globals);
	puts(" \\\n\t\t\t'1: :->verb' '*:: :->rest'\n"
		"\tcase $state in\n"
		"\tverb) _describe verb verbs; _files ;;\n"
		"\trest)\n\t\tcase $line[1] in");
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		printf("\t\t%s) _arguments", v->name);
		zsh_options(v->options);
		zsh_options(cli_globals);
		printf(" \\\n\t\t\t'*:%s:%s' ;;\n", "argument",
			strcmp(v->name, "help") == 0 ? "($verbs)" : "_files");
	}
	puts("\t\tesac ;;\n\tesac\n}\n_cupel \"$@\"");
}

static void fish_options(const struct verb_option *o, const char *verb)
{
	for (; o && o->name; o++) {
		if (!o->help)
			continue;
		printf("complete -c cupel");
		if (verb)
			printf(" -n '__fish_seen_subcommand_from %s'", verb);
		printf(" -l %s%s -d '", o->name + 2, o->arg ? " -r" : "");
		quoted(o->help, false);
		puts("'");
	}
}

static void fish(void)
{
	const struct verb *v;

	puts("# fish completion for cupel, written by: cupel completion fish");
	fish_options(cli_globals, NULL);
	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		printf("complete -c cupel -n __fish_use_subcommand -a %s -d '", v->name);
		quoted(v->help, false);
		puts("'");
		fish_options(v->options, v->name);
	}
}

static int run(struct cli *c, struct err *e)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
		if (str_eq(c->argv[0], shells[i].name)) {
			shells[i].print();
			return 0;
		}
	}
	err_set(e, ERR_USAGE, "completion", "give bash, zsh or fish", "no shell %s", c->argv[0]);
	return err_exit_status(e->code);
}

const struct verb verb_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.help = "print a completion script for a shell",
	.detail = "For bash: cupel completion bash > "
		"~/.local/share/bash-completion/completions/cupel. The one for bash is installed "
		"with the program.",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
