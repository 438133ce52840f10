# Waits beside a supervised program, and ends what is left of it when its supervisor is gone, killed or not.
#
# Run as `sh watchdog.sh COMMAND [ARGUMENT...]`. Standard input is a pipe that the supervisor alone holds open. Each
# line is the session (setsid(2)) of the program that runs now, an empty line says that none does. At the end of
# the input COMMAND is run with the session as its last argument, unless nothing runs. A shell, because it waits
# for as long as the program runs and takes a tenth of the memory of a Python interpreter.
session=
while read -r line; do
    session=$line
done
[ -z "$session" ] || exec "$@" "$session"
