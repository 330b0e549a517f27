/* Found only where the real one is missing: says what to install. */
#error "the unit tests need cmocka; on Debian: apt-get install libcmocka-dev"
