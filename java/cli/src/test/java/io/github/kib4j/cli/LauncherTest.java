package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The {@code kib} script in a small checkout, on a machine that has only the tools that a test gives it: a Java and a Maven that
 * say how they were called, an apt-get that brings them.
 */
final class LauncherTest {
    /** What Debian and Ubuntu always have, and what the tests' own tools use. */
    private static final List<String> ESSENTIAL = List.of(
            "bash",
            "sh",
            "env",
            "find",
            "sort",
            "xargs",
            "sha256sum",
            "grep",
            "sed",
            "cat",
            "dirname",
            "readlink",
            "mkdir",
            "rm",
            "stat",
            "flock",
            "tail",
            "head",
            "tee",
            "stty",
            "mktemp",
            "locale",
            "sleep",
            "touch",
            "chmod",
            "cp",
            "ln",
            "date");

    private static final String ALL_PACKAGES = "openjdk-17-jdk-headless maven g++ cmake make";

    @TempDir
    Path folder;

    private Path home;
    private Path tools;
    private Path jvms;
    private Path calls;

    @BeforeEach
    void checkout() throws IOException {
        home = folder.resolve("kib4j");
        tools = Files.createDirectories(folder.resolve("bin"));
        jvms = Files.createDirectories(folder.resolve("jvm"));
        calls = Files.createFile(folder.resolve("calls"));
        Path real = Path.of("../..").toRealPath();
        Files.createDirectories(home.resolve("java/cli"));
        Files.copy(real.resolve("kib"), home.resolve("kib"));
        Files.copy(real.resolve("java/cli/stamp.sh"), home.resolve("java/cli/stamp.sh"));
        for (String source : List.of(
                "pom.xml",
                "cmake/KibLevels.cmake",
                "native/CMakeLists.txt",
                "native/src/cpu/gram.cpp",
                "native/emulator/machine.cpp",
                "native/tests/test.cpp",
                "datasets/pom.xml",
                "java/core/src/main/java/A.java",
                "java/core/src/test/java/ATest.java",
                "java/testkit/src/main/java/A.java",
                "java/bindings/pom.xml",
                "java/cpu/pom.xml",
                "java/cuda/pom.xml",
                "java/experiment/src/main/java/Key.java",
                "java/cli/src/main/java/Kib.java",
                "bench/pom.xml",
                "findings/a.sh",
                "README.md",
                "native/README.md")) {
            write(home.resolve(source), source);
        }
        for (String tool : ESSENTIAL) {
            Files.createSymbolicLink(tools.resolve(tool), which(tool));
        }
        tool("id", "[ \"$1\" = -u ] && echo 0 || echo root");
    }

    /** JUnit warns of links that lead elsewhere. */
    @AfterEach
    void removeLinks() throws IOException {
        try (Stream<Path> all = Files.list(tools)) {
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private static Path which(String tool) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError("This machine has no " + tool));
    }

    // Tools that the machine may have.

    private void tool(String name, String script) throws IOException {
        executable(tools.resolve(name), "#!/bin/sh\n" + script + "\n");
    }

    private void jdk(String name, int version, boolean compiler) throws IOException {
        Path jdk = jvms.resolve(name);
        executable(jdk.resolve("bin/java"), "#!/bin/sh\necho \"java $KIB_COMMAND $$ $*\"\n");
        if (compiler) {
            executable(jdk.resolve("bin/javac"), "#!/bin/sh\n");
        }
        Files.createDirectories(jdk.resolve("lib"));
        write(jdk.resolve("release"), "JAVA_VERSION=\"" + version + ".0.1\"\n");
    }

    private void java(String name) throws IOException {
        Files.createSymbolicLink(tools.resolve("java"), jvms.resolve(name).resolve("bin/java"));
    }

    /** A Maven that says what Maven says, takes its time, and builds the jar as the poms do. */
    private String maven(int seconds) {
        return """
                echo "mvn $*" >>'CALLS'
                echo "JAVA_HOME $JAVA_HOME" >>'CALLS'
                echo '[INFO] Building kib4j native kernels 0.1.0-SNAPSHOT                     [1/2]'
                echo '[INFO] --- exec-maven-plugin:3.5.0:exec (build) @ kib4j-native ---'
                sleep SECONDS
                echo '[INFO] Building kib4j command line 0.1.0-SNAPSHOT                       [2/2]'
                echo '[INFO] --- maven-compiler-plugin:3.13.0:compile (default-compile) @ kib4j-cli ---'
                sh java/cli/stamp.sh begin "$$"
                mkdir -p java/cli/target
                sh java/cli/stamp.sh open
                echo jar >java/cli/target/kib4j-cli-9.jar
                sh java/cli/stamp.sh end "$$" kib4j-cli-9.jar
                """.replace("CALLS", calls.toString()).replace("SECONDS", Integer.toString(seconds));
    }

    private void everything() throws IOException {
        jdk("java-17", 17, true);
        java("java-17");
        tool("mvn", maven(0));
        for (String name : List.of("g++", "cmake", "make")) {
            tool(name, "");
        }
    }

    /** An apt-get that brings what it is asked for, unless it knows no such package. */
    private void apt(String unknown) throws IOException {
        Path shelf = folder.resolve("shelf");
        write(shelf.resolve("mvn"), "#!/bin/sh\n" + maven(0));
        String script = """
                echo "apt-get $*" >>'CALLS'
                for word; do
                  case $word in
                  UNKNOWN) echo "E: Unable to locate package $word"; exit 100 ;;
                  maven) cp 'SHELF/mvn' 'TOOLS/mvn'; chmod +x 'TOOLS/mvn' ;;
                  g++|cmake|make) printf '#!/bin/sh\\n' >'TOOLS'/"$word"; chmod +x 'TOOLS'/"$word" ;;
                  *-jdk-headless)
                    mkdir -p 'JVMS/java-new/bin'
                    printf '#!/bin/sh\\necho "java $KIB_COMMAND $$ $*"\\n' >'JVMS/java-new/bin/java'
                    printf '#!/bin/sh\\n' >'JVMS/java-new/bin/javac'
                    chmod +x 'JVMS/java-new/bin/java' 'JVMS/java-new/bin/javac' ;;
                  esac
                done
                """;
        tool(
                "apt-get",
                script.replace("CALLS", calls.toString())
                        .replace("SHELF", shelf.toString())
                        .replace("TOOLS", tools.toString())
                        .replace("JVMS", jvms.toString())
                        .replace("UNKNOWN", unknown));
        tool("apt-cache", "[ \"$1\" = show ] && [ \"$2\" != '" + unknown + "' ]");
    }

    private void user(boolean sudo) throws IOException {
        tool("id", "[ \"$1\" = -u ] && echo 1000 || echo max");
        if (sudo) {
            tool("sudo", "echo \"sudo $*\" >>'" + calls + "'\n[ \"$1\" = -v ] || exec \"$@\"");
        }
    }

    // Calls of the script.

    private record Said(int code, String text) {}

    private ProcessBuilder command(List<String> before, String... arguments) {
        List<String> command = new ArrayList<>(before);
        command.add(home.resolve("kib").toString());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("KIB_") || name.equals("JAVA_HOME"));
        builder.environment().put("PATH", tools.toString());
        builder.environment().put("KIB_JVMS", jvms.toString());
        return builder;
    }

    private static Said end(Process process) throws Exception {
        process.getOutputStream().close();
        String text = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Said(process.exitValue(), text);
    }

    private Said kib(String... arguments) throws Exception {
        return end(command(List.of(), arguments).start());
    }

    private Said kibWith(String variable, Object value) throws Exception {
        ProcessBuilder builder = command(List.of(), "doctor");
        builder.environment().put(variable, value.toString());
        return end(builder.start());
    }

    /** Runs it on a terminal, where someone types an answer. */
    private Said onTerminal(String answer) throws Exception {
        ProcessBuilder builder = command(List.of());
        builder.command(which("script").toString(), "-qec", home.resolve("kib") + " doctor", "/dev/null");
        builder.environment().put("SHELL", "/bin/sh");
        Process process = builder.start();
        process.getOutputStream().write((answer + "\n").getBytes());
        process.getOutputStream().flush();
        String text = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Said(process.exitValue(), text);
    }

    private void assertRuns(Said said) {
        assertThat(said.code()).as(said.text()).isZero();
        assertThat(said.text())
                .endsWith(" -cp " + home + "/java/cli/target/kib4j-cli-9.jar io.github.kib4j.cli.Kib doctor\n");
    }

    private void assertRefuses(Said said, String sentence) throws IOException {
        assertThat(said.text()).endsWith("kib: " + sentence + "\n");
        assertThat(said.code()).isEqualTo(1);
        assertThat(builds()).isZero();
    }

    private List<String> calls(String tool) throws IOException {
        return Files.readAllLines(calls).stream()
                .filter(line -> line.startsWith(tool + " "))
                .toList();
    }

    private long builds() throws IOException {
        return calls("mvn").size();
    }

    // What it must do.

    @Test
    void javaTakesTheScriptsProcessSoThatSignalsReachIt() throws Exception {
        everything();
        assertRuns(kib("doctor"));
        Process process = command(List.of(), "train", "--out", "a b").start();
        Said said = end(process);
        assertThat(said.text())
                .startsWith("java " + home.resolve("kib") + " " + process.pid() + " -XX:")
                .contains(" --enable-native-access=ALL-UNNAMED ")
                .endsWith(" io.github.kib4j.cli.Kib train --out a b\n");
    }

    /** {@code KIB_COMMAND} is what a message advises to type. */
    @Test
    void messagesKnowHowItWasCalled() throws Exception {
        everything();
        kib("doctor");
        ProcessBuilder here = command(List.of(), "doctor").directory(home.toFile());
        here.command("./kib", "doctor");
        assertThat(end(here.start()).text()).startsWith("java ./kib ");
        Files.createSymbolicLink(tools.resolve("kib"), home.resolve("kib"));
        here.command("sh", "-c", "exec kib doctor");
        assertThat(end(here.start()).text()).startsWith("java kib ");
    }

    @Test
    void itBuildsOnceAndSaysWhereItIs() throws Exception {
        everything();
        Said first = kib("doctor");
        assertRuns(first);
        assertThat(first.text().lines().limit(4))
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("kib: building kib4j (a few minutes the first time)"),
                        line -> assertThat(line).matches("kib: building, 1 of 2: kib4j native kernels, \\d+ s"),
                        line -> assertThat(line).matches("kib: building, 2 of 2: kib4j command line, \\d+ s"),
                        line -> assertThat(line).matches("kib: built in \\d+ s"));
        assertThat(calls("JAVA_HOME")).containsExactly("JAVA_HOME " + jvms.resolve("java-17"));
        assertThat(calls("mvn")).allMatch(call -> call.startsWith("mvn -B -T1 "));
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void aTerminalSeesModuleStepAndSecondsInOneLine() throws Exception {
        everything();
        tool("mvn", maven(2));
        Said said = onTerminal("");
        assertThat(said.code()).as(said.text()).isZero();
        assertThat(said.text())
                .containsPattern("\r\u001b\\[Kkib: building, 1 of 2: kib4j native kernels, build, 1 s")
                .contains("\r\u001b[Kkib: building, 2 of 2: kib4j command line, compile, ")
                .contains("\r\u001b[Kkib: built in ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pom.xml",
                "cmake/KibLevels.cmake",
                "native/src/cpu/gram.cpp",
                "native/include/kib/new.h",
                "datasets/pom.xml",
                "java/core/src/main/java/A.java",
                "java/experiment/src/main/resources/new.json"
            })
    void whatARunNeedsIsBuiltAnew(String source) throws Exception {
        everything();
        kib("doctor");
        write(home.resolve(source), "changed");
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(2);
        Files.delete(home.resolve(source));
        assertRuns(kib("doctor"));
        assertThat(builds()).as("a file that is gone").isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README.md",
                "native/README.md",
                "docs/new.md",
                "java/core/src/test/java/ATest.java",
                "java/testkit/src/main/java/A.java",
                "java/examples/src/main/java/A.java",
                "native/tests/test.cpp",
                "native/emulator/machine.cpp",
                "bench/pom.xml",
                "findings/a.sh",
                "java/core/src/main/java/.A.java.swp",
                "java/core/src/main/java/A.java~",
                "java/core/target/classes/A.class"
            })
    void whatNoRunNeedsBuildsNothing(String file) throws Exception {
        everything();
        kib("doctor");
        write(home.resolve(file), "changed");
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(1);
    }

    /** What Maven is told by hand counts as much as what kib tells it; a part of the modules does not. */
    @Test
    void aBuildByHandIsUsed() throws Exception {
        everything();
        ProcessBuilder maven = new ProcessBuilder(tools.resolve("mvn").toString(), "verify").directory(home.toFile());
        maven.environment().put("PATH", tools.toString());
        assertThat(end(maven.start()).code()).isZero();
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(1);
        stamp("open");
        stamp("end", "another run", "kib4j-cli-9.jar");
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(2);
    }

    private void stamp(String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of("sh", home.resolve("java/cli/stamp.sh").toString()));
        command.addAll(List.of(arguments));
        assertThat(end(new ProcessBuilder(command).start()).code()).isZero();
    }

    @Test
    void twoAtOnceBuildOnce() throws Exception {
        everything();
        tool("mvn", maven(2));
        Process first = command(List.of(), "doctor").start();
        while (builds() == 0) {
            Thread.sleep(10);
        }
        Process second = command(List.of(), "doctor").start();
        Said one = end(first);
        Said two = end(second);
        assertRuns(one);
        assertRuns(two);
        assertThat(builds()).isEqualTo(1);
        assertThat(two.text()).startsWith("kib: another kib builds here; waiting for it\njava ");
    }

    @Test
    void verifyIsMavensVerifyInTheCheckout() throws Exception {
        everything();
        tool("mvn", "echo \"mvn $* in $(pwd) by $JAVA_HOME\"\nflock --nonblock kib true || echo locked\nexit 3");
        Said said = kib("verify", "-pl", "java/core", "-Dx=a b");
        assertThat(said.text())
                .isEqualTo("mvn -B verify -pl java/core -Dx=a b in " + home + " by " + jvms.resolve("java-17")
                        + "\nlocked\n");
        assertThat(said.code()).isEqualTo(3);
    }

    @Test
    void aFailedBuildShowsWhatFailed() throws Exception {
        everything();
        tool(
                "mvn",
                "echo 'gram.cpp:7:1: error: no'\nseq=1; while [ $seq -lt 99 ]; do echo '[INFO] much'; seq=$((seq+1)); done\n"
                        + "echo '[ERROR] Failed to execute goal'\nexit 1");
        Said said = kib("doctor");
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.text())
                .endsWith(
                        "gram.cpp:7:1: error: no\n[ERROR] Failed to execute goal\nkib: the build failed (what it said is in "
                                + home + "/java/cli/target/build.log)\n");
    }

    @Test
    void rootInstallsWhatIsMissingWhereNobodyCanBeAsked() throws Exception {
        apt("none");
        Said said = kib("doctor");
        assertRuns(said);
        assertThat(said.text())
                .startsWith("kib: building kib4j needs a JDK 17 or later, mvn, g++, cmake and make; installing "
                        + ALL_PACKAGES + " by apt-get (KIB_NO_INSTALL=1 forbids that)\n");
        assertThat(calls("apt-get"))
                .containsExactly(
                        "apt-get -q -o DPkg::Lock::Timeout=300 update",
                        "apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends " + ALL_PACKAGES);
        assertThat(calls("JAVA_HOME")).containsExactly("JAVA_HOME " + jvms.resolve("java-new"));
    }

    @Test
    void verifyInstallsToo() throws Exception {
        everything();
        apt("none");
        Files.delete(tools.resolve("cmake"));
        Said said = kib("verify");
        assertThat(said.code()).as(said.text()).isZero();
        assertThat(calls("apt-get")).last().asString().endsWith(" cmake");
        assertThat(calls("mvn")).containsExactly("mvn -B verify");
    }

    /** Where the system has no JDK 17 it has a later one by default. */
    @Test
    void laterSystemsGiveTheirDefaultJdk() throws Exception {
        everything();
        Files.delete(tools.resolve("java"));
        Files.delete(jvms.resolve("java-17/bin/java"));
        apt("openjdk-17-jdk-headless");
        assertRuns(kib("doctor"));
        assertThat(calls("apt-get")).last().asString().endsWith(" default-jdk-headless");
    }

    @Test
    void nothingIsInstalledWhereThatIsForbidden() throws Exception {
        everything();
        apt("none");
        Files.delete(tools.resolve("g++"));
        Files.delete(tools.resolve("make"));
        assertRefuses(
                kibWith("KIB_NO_INSTALL", 1),
                "building kib4j needs g++ and make, and KIB_NO_INSTALL forbids installing it;"
                        + " type: apt-get update && apt-get install g++ make");
        assertThat(calls("apt-get")).isEmpty();
    }

    @Test
    void whoIsNotRootIsToldWhatToType() throws Exception {
        apt("none");
        user(false);
        assertRefuses(
                kib("doctor"),
                "building kib4j needs a JDK 17 or later, mvn, g++, cmake and make;"
                        + " as root, type: apt-get update && apt-get install " + ALL_PACKAGES);
        user(true);
        assertRefuses(
                kib("doctor"),
                "building kib4j needs a JDK 17 or later, mvn, g++, cmake and make;"
                        + " type: sudo apt-get update && sudo apt-get install " + ALL_PACKAGES);
        assertThat(Files.readString(calls)).isEmpty();
    }

    /** Kernels for GPUs are made once their compiler is there, and kept where it is not on the path. */
    @Test
    void aCompilerOfKernelsThatCameIsUsed() throws Exception {
        everything();
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(1);
        tool("nvcc", "");
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(2);
        assertRuns(kib("doctor"));
        Files.delete(tools.resolve("nvcc"));
        assertRuns(kib("doctor"));
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void aTerminalIsAsked() throws Exception {
        everything();
        apt("none");
        user(true);
        Files.delete(tools.resolve("mvn"));
        Said no = onTerminal("n");
        assertThat(no.text())
                .contains("kib: building kib4j needs mvn; install maven by apt-get? [Y/n] ")
                .contains("kib: nothing was installed; to do it yourself, type:"
                        + " sudo apt-get update && sudo apt-get install maven");
        assertThat(no.code()).isEqualTo(1);
        assertThat(Files.readString(calls)).isEmpty();
        Said yes = onTerminal("");
        assertThat(yes.code()).as(yes.text()).isZero();
        assertThat(calls("sudo").get(0)).isEqualTo("sudo -v");
        assertThat(calls("apt-get")).last().asString().endsWith(" maven");
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void whatCannotBeInstalledIsSaid() throws Exception {
        everything();
        apt("maven");
        Files.delete(tools.resolve("mvn"));
        Said said = kib("doctor");
        assertRefuses(
                said,
                "apt-get could not install maven (its last lines above); type: apt-get update && apt-get install maven");
        assertThat(said.text()).contains("E: Unable to locate package maven\n");
    }

    @Test
    void systemsWithoutAptAreToldWhatIsMissing() throws Exception {
        everything();
        Files.delete(tools.resolve("cmake"));
        assertRefuses(kib("doctor"), "building kib4j needs cmake; install what is missing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nothing, 0, false | where there is no bin/java; unset it, or let it name a JDK 17 or later",
                "java-11, 11, true | which is Java 11, but kib4j needs Java 17 or later;"
                        + " unset it, or let it name a JDK 17 or later",
                "jre-17, 17, false | which has no javac, so it is no JDK, but kib4j has to be built;"
                        + " unset it, or let it name a JDK 17 or later"
            })
    void aJavaHomeThatDoesNotServeIsSaid(String java, String sentence) throws Exception {
        everything();
        apt("none");
        String[] named = java.split(", ");
        if (!named[0].equals("nothing")) {
            jdk(named[0], Integer.parseInt(named[1]), Boolean.parseBoolean(named[2]));
        }
        Path folder = jvms.resolve(named[0]);
        assertRefuses(kibWith("JAVA_HOME", folder), "JAVA_HOME is " + folder + ", " + sentence);
        assertThat(calls("apt-get")).isEmpty();
    }

    /** Maven brings a JRE, perhaps a later one than the JDK; an old Java may come first on the path. */
    @ParameterizedTest
    @CsvSource({"jre-21, 21, false", "java-11, 11, true"})
    void aJavaOnThePathThatDoesNotServeIsPassedOver(String name, int version, boolean compiler) throws Exception {
        everything();
        jdk(name, version, compiler);
        Files.delete(tools.resolve("java"));
        java(name);
        assertRuns(kib("doctor"));
        assertThat(calls("JAVA_HOME")).containsExactly("JAVA_HOME " + jvms.resolve("java-17"));
    }

    @Test
    void aJreRunsWhatIsBuilt() throws Exception {
        everything();
        kib("doctor");
        Files.delete(jvms.resolve("java-17/bin/javac"));
        Files.delete(tools.resolve("mvn"));
        assertRuns(kib("doctor"));
        assertRuns(kibWith("JAVA_HOME", jvms.resolve("java-17")));
    }

    /** A version manager's script that stands for Java is asked where the real one is. */
    @Test
    void aStandInForJavaIsAsked() throws Exception {
        everything();
        Path jdk = Files.createDirectories(folder.resolve("managed"));
        Files.move(jvms.resolve("java-17"), jdk.resolve("17"));
        Files.delete(tools.resolve("java"));
        tool("java", "echo '    java.home = " + jdk.resolve("17") + "' >&2");
        assertRuns(kib("doctor"));
        assertThat(calls("JAVA_HOME")).containsExactly("JAVA_HOME " + jdk.resolve("17"));
    }

    @Test
    void anothersCheckoutIsNotBuilt() throws Exception {
        everything();
        tool("id", "[ \"$1\" = -u ] && echo 65534 || echo nobody");
        boolean root = Files.getOwner(home).getName().equals("root");
        for (Path open = folder; open != null; open = open.getParent()) {
            if (root && !open.equals(open.getRoot()) && !open.equals(Path.of("/tmp"))) {
                Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
        Path core = Files.createDirectories(home.resolve("java/core/target/classes"));
        try (Stream<Path> all = Files.walk(home)) {
            for (Path path : all.filter(Files::isDirectory).toList()) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r-xr-xr-x"));
            }
        }
        List<String> asNobody = root
                ? List.of(which("setpriv").toString(), "--reuid=65534", "--regid=65534", "--clear-groups")
                : List.of();
        String owner = Files.getOwner(home).getName();
        assertRefuses(
                end(command(asNobody, "doctor").start()),
                "kib4j has to be built here, but nobody cannot write " + home + "/native, which is " + owner
                        + "'s; let "
                        + owner + " build it once (" + home + "/kib doctor), or work in a copy of your own: cp -r "
                        + home
                        + " ~/kib4j");
        for (String module : List.of(
                "native",
                "java/core",
                "java/testkit",
                "datasets",
                "java/bindings",
                "java/cpu",
                "java/cuda",
                "java/experiment",
                "java/cli")) {
            Files.setPosixFilePermissions(home.resolve(module), PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        assertThat(end(command(asNobody, "doctor").start()).text())
                .as("what another has built before")
                .contains("nobody cannot write " + core.getParent() + ", which is " + owner + "'s");
        try (Stream<Path> all = Files.walk(home)) {
            for (Path path : all.filter(Files::isDirectory).toList()) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static void executable(Path file, String text) throws IOException {
        Files.setPosixFilePermissions(write(file, text), PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
