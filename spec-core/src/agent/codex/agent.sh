# Runs Codex on the task in $SPEC_RUN_DIR. Arguments: the session to go on in or '', the program, then
# its arguments.
#
# Codex says what it consumed only when it is done. Its record of the session says so after every
# answer of the model, so this script tells from there, in lines of its own. The record is internal to
# Codex: when it is not there or looks different, nothing is told and nothing else changes.
session=$1 command=$2
shift 2

# Paths may hold spaces.
IFS='
'
set -f

# Sessions are kept outside the repository, where a later run in this sandbox finds them.
: "${CODEX_HOME:=$HOME/.spec/codex}"
export CODEX_HOME
mkdir -p "$CODEX_HOME" || exit 1

records() {
    find "$CODEX_HOME/sessions" -type f -name "rollout-*$session.jsonl" 2>/dev/null
}

# A run that was killed early has not kept its session, and then the task begins anew.
if [ -n "$session" ] && [ -n "$(records)" ]; then
    set -- "$command" exec resume "$session" "$@"
    prompt=resume.md
else
    session=
    set -- "$command" exec "$@"
    prompt=prompt.md
fi

# A session that begins is the one whose record was not there before.
before=
[ -n "$session" ] || before=$(records)
record=
model=

find_record() {
    [ -z "$record" ] || return 0
    for found in $(records); do
        case "
$before
" in
            *"
$found
"*) ;;
            *) record=$found ;;
        esac
    done
    [ -n "$record" ]
}

# Totals are of the whole session, so the last one says all; but when its memory is full, Codex
# replaces the total by one that speaks of no input. Arguments: what reads the record.
tell_usage() {
    find_record || return 0
    if [ -z "$model" ]; then
        model=$(sed -n '/"type":"turn_context"/{s/.*"model":"\([A-Za-z0-9._:/-]*\)".*/\1/p;q;}' "$record")
    fi
    usage=$("$@" "$record" | grep -F '"payload":{"type":"token_count"' |
        grep -vF '"total_token_usage":{"input_tokens":0,' | tail -n 1 |
        sed -n 's/.*"total_token_usage":{\([a-z_0-9":,]*\)}.*/\1/p')
    [ -n "$usage" ] && [ "$usage" != "$told" ] && [ ${#usage} -le 400 ] && [ ${#model} -le 100 ] ||
        return 0
    told=$usage
    # One write, begun by a line end: the program may just have written a line without its own.
    printf '\n{"type":"spec.usage","model":"%s",%s}\n' "$model" "$usage"
}

version=$("$1" --version 2>/dev/null | sed -n '1s/.* \([A-Za-z0-9.+-]*\)$/\1/p')
case $PWD in
    *[!A-Za-z0-9/._-]*) folder= ;;
    *) folder=$PWD ;;
esac
printf '{"type":"spec.version","version":"%s","cwd":"%s"}\n' "$version" "$folder"

told= interrupted=no
# What was consumed before is known.
[ -z "$session" ] || tell_usage cat >/dev/null

"$@" <"$SPEC_RUN_DIR/$prompt" &
program=$!
trap 'kill -TERM "$program" 2>/dev/null' TERM
trap 'interrupted=yes; kill -INT "$program" 2>/dev/null' INT
trap 'kill -HUP "$program" 2>/dev/null' HUP
(
    trap - TERM INT HUP
    # Nobody waits for what this holds open.
    while sleep 1 >/dev/null 2>&1; do
        tell_usage tail -c 262144
    done
) 2>/dev/null &
follower=$!

# A signal ends the waiting, not the program.
wait "$program"
code=$?
while [ "$code" -gt 128 ] && kill -0 "$program" 2>/dev/null; do
    wait "$program"
    code=$?
done
# A milder signal is lost on a shell that has only just begun.
kill -KILL "$follower" 2>/dev/null
wait "$follower" 2>/dev/null
tell_usage cat

# It takes an interruption for an error of its own, also one that this script has not seen.
was_interrupted() {
    [ "$interrupted" = yes ] ||
        { find_record && tail -n 1 "$record" | grep -qF '"payload":{"type":"turn_aborted"'; }
}
[ "$code" -ne 1 ] || ! was_interrupted || code=130
exit "$code"
