# Runs Claude Code on the task in $SPEC_RUN_DIR. Arguments: the session to go on in or '', the program,
# the id of a session that begins, then the program's arguments.
session=$1 program=$2 begins=$3
shift 3

# Sessions are kept outside the repository, where a later run in this sandbox finds them.
: "${CLAUDE_CONFIG_DIR:=$HOME/.spec/claude}"
export CLAUDE_CONFIG_DIR
mkdir -p "$CLAUDE_CONFIG_DIR" || exit 1
schema=$(cat "$SPEC_RUN_DIR/schema.json") || exit 1

# A run that was killed early has not kept its session, and then the task begins anew.
kept() {
    [ -n "$session" ] &&
        [ -n "$(find "$CLAUDE_CONFIG_DIR/projects" -name "$session.jsonl" -size +0 2>/dev/null)" ]
}

if kept; then
    set -- --resume "$session" "$@"
    prompt=resume.md
else
    set -- --session-id "$begins" "$@"
    prompt=prompt.md
fi
exec "$program" "$@" --json-schema "$schema" <"$SPEC_RUN_DIR/$prompt"
