# Runs one program to its end and records how it ended. Outlives the process that started it.
#
# Arguments: folder for the record, seconds, path of `timeout`, PATH for this script, command...
ctl=$1 seconds=$2 timeout=$3 tools=$4
shift 4
path=$PATH
PATH=$tools

# The first to link this record runs the program; any other supervisor of the same run goes away.
read -r stat </proc/$$/stat || exit 1
read -r boot </proc/sys/kernel/random/boot_id || exit 1
rest=${stat##*) }
started=$(set -f; set -- $rest; echo "${20}")
echo "$$ $started $boot" >"$ctl/pid.$$" || exit 1
ln "$ctl/pid.$$" "$ctl/pid" 2>/dev/null || { rm -f "$ctl/pid.$$"; exit 0; }
rm -f "$ctl/pid.$$"

read -r begun _ </proc/uptime
PATH=$path "$timeout" -k 3 "$seconds" "$@" >>"$ctl/out" 2>>"$ctl/err" 3>"$ctl/status"
code=$?
read -r ended _ </proc/uptime
elapsed=$((${ended%%.*} - ${begun%%.*}))

# The inner shell leaves the exit code here, and before it whatever it had to say: that a signal
# ended the program.
signal=no inner=
while IFS= read -r line; do
    case $line in
        'exit '*) inner=${line#exit } ;;
        *) signal=yes ;;
    esac
done <"$ctl/status"

if [ "$code" -eq 124 ] && [ "$elapsed" -ge "$seconds" ]; then
    end=timed-out
elif [ -z "$inner" ] && [ "$elapsed" -ge "$seconds" ]; then
    end=timed-out
elif [ -z "$inner" ]; then
    end="lost $code"
elif [ "$signal" = yes ] && [ "$inner" -gt 128 ]; then
    end="signaled $((inner - 128))"
else
    end="exited $inner"
fi
echo "$end" >"$ctl/exit.next" && mv "$ctl/exit.next" "$ctl/exit"
