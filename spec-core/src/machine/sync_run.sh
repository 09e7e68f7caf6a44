#!/bin/sh
# Commits the rendered spec on its branch, in the sandbox's clone. Pushes nothing.
set -eu
cd "$SPEC_REPOSITORY"
say() { printf '{"type":"progress","text":"%s","permille":%s}\n' "$1" "$2"; }
git_() {
    git -c core.hooksPath=/dev/null -c commit.gpgsign=false -c core.autocrlf=false \
        -c user.name=spec -c user.email=spec@localhost "$@"
}

parent=$(git_ rev-parse HEAD)
say "Writing the spec to its branch" 300
git_ checkout -q -B "$SPEC_BRANCH" "$parent"
# A repository may ignore the folder; the spec is wanted there all the same.
git_ add -f -- "$SPEC_FOLDER"
if git_ diff --cached --quiet; then
    say "The repository holds these files already" 600
else
    GIT_AUTHOR_DATE="$SPEC_DATE" GIT_COMMITTER_DATE="$SPEC_DATE" \
        git_ commit -q -F "$SPEC_RUN_DIR/message.txt"
fi
commit=$(git_ rev-parse HEAD)
printf '{"branch":"%s","commit":"%s","parent":"%s"}\n' "$SPEC_BRANCH" "$commit" "$parent" \
    >"$SPEC_RUN_DIR/result.json.tmp"
mv "$SPEC_RUN_DIR/result.json.tmp" "$SPEC_RUN_DIR/result.json"
say "Committed the spec" 1000
