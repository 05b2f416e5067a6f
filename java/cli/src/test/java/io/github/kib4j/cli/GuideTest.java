package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in boxes of the user guide runs, in its order, on small data: commands as they stand, Java as a program. */
final class GuideTest {
    private static final Path GUIDE = Path.of("../../docs/guide.md");
    private static final Pattern BOX = Pattern.compile("(?ms)^```(sh|java)\n(.*?)^```$");
    private static final List<String> PACKAGES = List.of(
            "checkpoint",
            "data",
            "dependence",
            "experiment",
            "files",
            "layer",
            "model",
            "objective",
            "op",
            "optimizer",
            "rule",
            "tensor",
            "train");

    @TempDir
    Path folder;

    @Test
    void whatIsInBoxesRuns() throws Exception {
        TinyImages.idx(folder.resolve("mnist"), 60, 20);
        writePoints();
        int programs = 0;
        int commands = 0;
        List<MatchResult> boxes = BOX.matcher(Files.readString(GUIDE)).results().toList();
        for (MatchResult box : boxes) {
            if (box.group(1).equals("java")) {
                java(box.group(2), programs++);
                continue;
            }
            for (String line : box.group(2).replace("\\\n", " ").split("\n")) {
                command(line);
                commands++;
            }
        }
        assertThat(programs).isGreaterThan(0);
        assertThat(commands).isGreaterThan(8);
    }

    /** Two rings in a table. */
    private void writePoints() throws IOException {
        Random random = new Random(20);
        StringBuilder table = new StringBuilder("x,y,ring\n");
        for (int i = 0; i < 200; i++) {
            double angle = random.nextDouble() * 2 * Math.PI;
            double radius = (i % 2 == 0 ? 1 : 2) + 0.1 * random.nextGaussian();
            table.append(radius * Math.cos(angle))
                    .append(',')
                    .append(radius * Math.sin(angle))
                    .append(',');
            table.append(i % 2 == 0 ? "inner\n" : "outer\n");
        }
        Files.writeString(folder.resolve("points.csv"), table);
    }

    private void command(String line) {
        List<String> words =
                new ArrayList<>(List.of(line.replaceFirst(" +#.*", "").trim().split(" +")));
        assertThat(words.remove(0)).as(line).isEqualTo("./kib");
        words.replaceAll(word -> word.startsWith("runs/") || word.endsWith(".csv")
                ? folder.resolve(word).toString()
                : word);
        String name = words.get(0);
        boolean resumes = words.contains("--resume");
        if ((name.equals("train") || name.equals("experiment")) && !resumes) {
            words.addAll(List.of("--limit-train", "60", "--limit-test", "20", "--threads", "1"));
            if (!words.contains("--epochs")) {
                words.addAll(List.of("--epochs", "1"));
            }
            if (line.contains("mnist") && !words.contains("--config")) {
                words.addAll(List.of("--data", folder.toString()));
            }
        }
        CommandResult said = kib(words.toArray(new String[0]));
        assertThat(said.code()).as(line + "\n" + said.err()).isZero();
    }

    /** Compiles statements as a program's, and runs it in the folder. */
    private void java(String statements, int number) throws Exception {
        String name = "Box" + number;
        String imports = Stream.concat(
                        PACKAGES.stream().map(one -> "io.github.kib4j." + one), Stream.of("java.util", "java.nio.file"))
                .map(one -> "import " + one + ".*;\n")
                .collect(Collectors.joining());
        Path source = Files.writeString(
                folder.resolve(name + ".java"),
                imports + "final class " + name + " {\npublic static void main(String[] arguments) throws Exception {\n"
                        + statements + "}\n}\n");
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        String classPath = System.getProperty("java.class.path");
        int status = ToolProvider.getSystemJavaCompiler()
                .run(null, null, errors, "-proc:none", "-d", folder.toString(), "-cp", classPath, source.toString());
        assertThat(status).as(statements + errors).isZero();
        Path said = folder.resolve(name + ".txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        folder + ":" + classPath,
                        name)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(statements + Files.readString(said)).isZero();
    }
}
