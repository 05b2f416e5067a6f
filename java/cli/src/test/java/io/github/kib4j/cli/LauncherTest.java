package io.github.kib4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The {@code kib} script, beside a build that is up to date, with a Java that only says how it was called. */
final class LauncherTest {
    @TempDir
    Path home;

    @Test
    void javaTakesTheScriptsProcessSoThatSignalsReachIt() throws Exception {
        Path script = Files.copy(Path.of("../../kib"), home.resolve("kib"));
        executable("jdk/bin/java", "#!/bin/sh\necho $$ \"$@\"\n");
        for (String source : new String[] {"pom.xml", "native/CMakeLists.txt", "datasets/pom.xml", "java/pom.xml"}) {
            write(source, "");
        }
        write("java/cli/target/kib4j-cli-0.1.0-SNAPSHOT.jar", "");
        Path stamp = write("java/cli/target/kib.stamp", "");
        Files.setLastModifiedTime(stamp, FileTime.from(Instant.now().plusSeconds(60)));
        ProcessBuilder command =
                new ProcessBuilder("bash", script.toString(), "train", "--out", "a b").redirectErrorStream(true);
        command.environment().put("JAVA_HOME", home.resolve("jdk").toString());
        Process process = command.start();
        String said = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).startsWith(process.pid() + " ").endsWith(" io.github.kib4j.cli.Kib train --out a b\n");
    }

    private Path write(String name, String text) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private void executable(String name, String text) throws IOException {
        Files.setPosixFilePermissions(write(name, text), PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
