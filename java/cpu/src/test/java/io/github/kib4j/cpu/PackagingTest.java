package io.github.kib4j.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.application.Application;
import io.github.kib4j.application.OtherProvider;
import io.github.kib4j.bindings.Specs;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The CPU device is found, or its absence said, however a program packs and starts its modules. */
final class PackagingTest {
    private static final String SERVICE = "META-INF/services/" + DeviceProvider.class.getName();

    @TempDir
    Path folder;

    private record Said(String out, String err) {}

    /** A jar of all modules has one file of a name: by default whichever came first, or last. */
    @ParameterizedTest
    @NullSource
    @ValueSource(classes = {CpuProvider.class, OtherProvider.class})
    void aJarOfAllModulesHasTheCpuDevice(Class<?> keptService) throws Exception {
        Path jar = folder.resolve("all.jar");
        List<Path> sources = new ArrayList<>(bindings());
        sources.addAll(List.of(origin(Devices.class), origin(CpuProvider.class), origin(Application.class)));
        pack(jar, sources, "", keptService == null ? "" : keptService.getName() + "\n");
        Said said = java("-cp", jar + ":" + librariesPath(), Application.class.getName());
        assertThat(said.out()).as(said.err()).isEqualTo("device cpu\n");
        if (keptService == OtherProvider.class) {
            assertThat(said.err()).contains("The device is 'cpu'. other: it is never there.");
        } else {
            assertThat(said.err()).doesNotContain("Devices");
        }
    }

    /** Libraries are modules that nobody requires by name: without them the CPU device cannot be. */
    @ParameterizedTest
    @CsvSource({"true, cpu", "false, reference"})
    void aModulePathHasTheCpuDeviceOrSaysWhatToAdd(boolean allModules, String device) throws Exception {
        modules(true);
        Said said = java(
                allModules ? "--add-modules" : "-ea",
                allModules ? "ALL-MODULE-PATH" : "-ea",
                "-p",
                folder + ":" + librariesPath(),
                "-m",
                "application/" + Application.class.getName());
        assertThat(said.out()).as(said.err()).isEqualTo("device " + device + "\n");
        if (allModules) {
            assertThat(said.err()).doesNotContain("Devices");
        } else {
            assertThat(said.err())
                    .contains("WARNING: The device is 'reference'")
                    .contains("cpu: its native libraries do not load")
                    .contains("--add-modules ALL-MODULE-PATH");
        }
    }

    @Test
    void aModulePathWithoutTheCpuModuleSaysWhatToAdd() throws Exception {
        modules(false);
        Said said = java("-p", folder + ":" + librariesPath(), "-m", "application/" + Application.class.getName());
        assertThat(said.out()).as(said.err()).isEqualTo("device reference\n");
        assertThat(said.err())
                .contains(
                        "There is no other backend in the module graph; put kib4j-cpu and its libraries on the module path and"
                                + " start Java with --add-modules ALL-MODULE-PATH.");
    }

    @Test
    void aServiceFileThatNamesAClassOfNobodyIsSaid() throws Exception {
        Path jar = folder.resolve("all.jar");
        pack(jar, List.of(origin(Devices.class), origin(Application.class)), "", "com.example.GoneProvider\n");
        Said said = java("-cp", jar.toString(), Application.class.getName());
        assertThat(said.out()).as(said.err()).isEqualTo("device reference\n");
        assertThat(said.err())
                .contains("com.example.GoneProvider")
                .contains("There is no other backend on the class path; add io.github.kib4j:kib4j, which brings them.");
    }

    private void modules(boolean cpu) throws Exception {
        pack(folder.resolve("core.jar"), List.of(origin(Devices.class)), "io.github.kib4j.core", "");
        if (cpu) {
            String provider = CpuProvider.class.getName() + "\n";
            pack(folder.resolve("bindings.jar"), bindings(), "io.github.kib4j.bindings", "");
            pack(folder.resolve("cpu.jar"), List.of(origin(CpuProvider.class)), "io.github.kib4j.cpu", provider);
        }
        pack(folder.resolve("application.jar"), List.of(origin(Application.class)), "application", "");
    }

    /** Returns where the bindings are, and their native libraries. */
    private static List<Path> bindings() throws URISyntaxException {
        List<Path> all = new ArrayList<>(List.of(origin(Specs.class)));
        classPath()
                .filter(entry -> entry.matches(".*/kib4j-bindings-[^/]*-linux-x86_64\\.jar"))
                .map(Path::of)
                .forEach(all::add);
        return all;
    }

    private static Stream<String> classPath() {
        return Stream.of(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .split(":"));
    }

    /** Returns the folder or jar that a class was loaded from. */
    private static Path origin(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    /** Returns the class path's jars that are not kib4j's and not the tests'. */
    private static String librariesPath() {
        return classPath()
                .filter(entry -> entry.contains("/org/bytedeco/") || entry.contains("/org/jspecify/"))
                .collect(Collectors.joining(":"));
    }

    /** Packs modules' classes and libraries into a jar, the first of two files of a name, with one service file or none. */
    private static void pack(Path jar, List<Path> sources, String module, String service) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (!module.isEmpty()) {
            manifest.getMainAttributes().putValue("Automatic-Module-Name", module);
        }
        Set<String> packed = new HashSet<>();
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            out.setLevel(1);
            if (!service.isEmpty()) {
                add(out, SERVICE, service.getBytes());
            }
            for (Path source : sources) {
                if (Files.isDirectory(source)) {
                    addAll(out, source, module, packed);
                } else {
                    try (FileSystem zip = FileSystems.newFileSystem(source)) {
                        addAll(out, zip.getPath("/"), module, packed);
                    }
                }
            }
        }
    }

    private static void addAll(JarOutputStream out, Path root, String module, Set<String> packed) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = root.relativize(file).toString();
                boolean wanted = name.startsWith("io/github/kib4j/")
                        && (!module.equals("application") || name.startsWith("io/github/kib4j/application/"));
                if (wanted && packed.add(name)) {
                    add(out, name, Files.readAllBytes(file));
                }
            }
        }
    }

    private static void add(JarOutputStream out, String name, byte[] content) throws IOException {
        out.putNextEntry(new JarEntry(name));
        out.write(content);
        out.closeEntry();
    }

    private Said java(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        Process process = builder.start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Said(Files.readString(out), Files.readString(err));
    }
}
