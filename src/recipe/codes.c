#include "config.h"
#include "recipe/lint.h"

static const struct lint_code codes[] = {
#define CODE(word, help) { #word, help },
#include "recipe/codes.def"
#undef CODE
};

const struct lint_code *lint_code_at(size_t i)
{
	return i < sizeof codes / sizeof *codes ? &codes[i] : NULL;
}
