# share/schema/NNN.sql → rows { N, "text" } of a C table, so that the program needs no file to make
# a catalog. Comments and indentation are left out.
FNR == 1 {
	if (open)
		print "\t},"
	file = FILENAME
	sub(/.*\//, "", file)
	printf "\t{ %d,\n", file + 0
	open = 1
}
{
	sub(/^[ \t]+/, "")
	if ($0 == "" || /^--/)
		next
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\t\"%s\\n\"\n", $0
}
END {
	if (open)
		print "\t},"
}
