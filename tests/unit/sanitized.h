/* sanitized: whether the address sanitizer watches, under which everything takes many times as
 * long. A test then walks through less of what is the same code again; never through less code. */
#ifndef CUPEL_TESTS_SANITIZED_H
#define CUPEL_TESTS_SANITIZED_H
#ifdef __SANITIZE_ADDRESS__ /* gcc's way to say it */
#define SANITIZED 1
#endif
#ifdef __has_feature        /* and clang's */
#if __has_feature(address_sanitizer)
#undef SANITIZED
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif
#endif
