#!/usr/bin/env bash
# picocli's generated bash completion offers one option's values for another that has the same parameter label.
# Expected: after `--colour`, the candidates of --colour: red green. Real (picocli 4.7.7): those of --shape, the last option that
# is labelled NAME, for the script keeps candidates in variables that are named by label: `local NAME_option_args=(...)` twice.
# Who gives several options of closed choices one label (NAME, FILE, TYPE) has wrong completion for all but one of them.
# Remedy: a label of its own for each option. Exits with 0 while it is so, with 1 when that changes.
set -euo pipefail
version=4.7.7
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact=info.picocli:picocli:$version -DoutputDirectory="$folder" >&2

cat >"$folder/Draw.java" <<'JAVA'
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "draw")
class Draw implements Runnable {
    enum Colour { red, green }
    enum Shape { disc, square }
    @Option(names = "--colour", paramLabel = "NAME") Colour colour;
    @Option(names = "--shape", paramLabel = "NAME") Shape shape;
    public void run() {}
    public static void main(String[] args) {
        System.out.print(AutoComplete.bash("draw", new CommandLine(new Draw())));
    }
}
JAVA
java -cp "$folder/picocli-$version.jar" "$folder/Draw.java" >"$folder/draw_completion"

completed=$(bash -c "
  source '$folder/draw_completion'
  compopt() { :; } # there is no line being edited
  COMP_WORDS=(draw --colour '') COMP_CWORD=2
  _complete_draw
  echo \${COMPREPLY[@]}")
echo "picocli $version, draw --colour <Tab>: expected 'red green', completed '$completed'"
grep -n 'local NAME_option_args' "$folder/draw_completion"
[[ $completed == "disc square" ]]
