# Runs Claude Code on the task in $SPEC_RUN_DIR. Arguments: the program and its arguments.
#
# Sessions are kept outside the repository, where a later run in this sandbox finds them.
: "${CLAUDE_CONFIG_DIR:=$HOME/.spec/claude}"
export CLAUDE_CONFIG_DIR
mkdir -p "$CLAUDE_CONFIG_DIR" || exit 1
schema=$(cat "$SPEC_RUN_DIR/schema.json") || exit 1
exec "$@" --json-schema "$schema" <"$SPEC_RUN_DIR/prompt.md"
