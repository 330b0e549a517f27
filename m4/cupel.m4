dnl AX_CUPEL_LIB(VAR, library, function, header, debian-package)
dnl A link test with the header; failure names the package that has it.
AC_DEFUN([AX_CUPEL_LIB_TRY], [
  AC_CACHE_CHECK([for $2 (lib$2 and $4)], [cupel_cv_lib_$1], [
    cupel_save_LIBS="$LIBS"
    cupel_cv_lib_$1=no
    for cupel_try in "-l$2" m4_case([$1], [NCURSES], ["-l$2 -ltinfo"], []) ; do
      LIBS="$cupel_try $cupel_save_LIBS"
      AC_LINK_IFELSE([AC_LANG_PROGRAM([
m4_foreach_w([cupel_hdr], [$4], [@%:@include <cupel_hdr>
])], [[void *volatile p = (void *)(long)&$3; return p == 0;]])],
        [cupel_cv_lib_$1="$cupel_try"; break])
    done
    LIBS="$cupel_save_LIBS"])
  AS_IF([test "x$cupel_cv_lib_$1" != xno], [$1_LIBS="$cupel_cv_lib_$1"], [$1_LIBS=])
  AC_SUBST([$1_LIBS])
])
AC_DEFUN([AX_CUPEL_LIB], [
  AX_CUPEL_LIB_TRY([$1], [$2], [$3], [$4], [$5])
  AS_IF([test "x$cupel_cv_lib_$1" = xno],
    [AC_MSG_ERROR([cannot link with lib$2 or find $4; on Debian: apt-get install $5])])
])
AC_DEFUN([AX_CUPEL_LIB_OPTIONAL], [
  AX_CUPEL_LIB_TRY([$1], [$2], [$3], [$4], [$5])
  AS_IF([test "x$cupel_cv_lib_$1" = xno],
    [AC_MSG_NOTICE([lib$2 is missing: make check cannot build the unit tests;])
     AC_MSG_NOTICE([on Debian: apt-get install $5])])
  AM_CONDITIONAL([HAVE_$1], [test "x$cupel_cv_lib_$1" != xno])
])
dnl Warnings the project is clean under; --enable-werror makes them errors (CI does).
AC_DEFUN([AX_CUPEL_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])])
  AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers],
    [build with the address and undefined-behaviour sanitizers])])
  WARN_CFLAGS="-Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla"
  WARN_CFLAGS="$WARN_CFLAGS -Wformat=2 -Wno-format-nonliteral"
  AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  AC_SUBST([WARN_CFLAGS])
  SAN_CFLAGS=
  AS_IF([test "x$enable_sanitizers" = xyes],
    [SAN_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined"
     SAN_CFLAGS="$SAN_CFLAGS -fno-omit-frame-pointer"])
  AC_SUBST([SAN_CFLAGS])
])
