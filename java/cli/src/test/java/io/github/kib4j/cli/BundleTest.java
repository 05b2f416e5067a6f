package io.github.kib4j.cli;

import static io.github.kib4j.cli.CommandResult.kib;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.github.kib4j.experiment.UsageException;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.train.Version;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kib bundle}. That a made runtime runs it, and on which machine, {@code bench}'s dry run of a whole check tells. */
final class BundleTest {
    @TempDir
    Path folder;

    /** In place of a runtime of its own, the bundle gets the one that runs this test. */
    private static final JavaRuntime BORROWED = new JavaRuntime(JavaRuntime.MODULES) {
        @Override
        void make(Path runtime) throws IOException {
            Path java = Files.createDirectories(runtime.resolve("bin")).resolve("java");
            Files.writeString(java, "#!/bin/sh\nexec '" + System.getProperty("java.home") + "/bin/java' \"$@\"\n");
            Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwx------"));
        }
    };

    private static JavaRuntime failing(IOException problem) {
        return new JavaRuntime(JavaRuntime.MODULES) {
            @Override
            void make(Path runtime) throws IOException {
                Files.writeString(Files.createDirectory(runtime).resolve("half"), "half");
                throw problem;
            }
        };
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    private static Path jar(Path file, String classPath, String... entries) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (!classPath.isEmpty()) {
            manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
        }
        try (JarOutputStream jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
            for (String entry : entries) {
                jar.putNextEntry(new JarEntry(entry));
                jar.write(entry.getBytes(StandardCharsets.UTF_8));
            }
        }
        return file;
    }

    private static TreeSet<String> content(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            TreeSet<String> names = new TreeSet<>();
            file.stream().forEach(entry -> names.add(entry.getName()));
            return names;
        }
    }

    @Test
    void whatItMakesRunsElsewhereWithAnEmptyEnvironment() throws Exception {
        Path made = folder.resolve("made");
        long bytes = new Bundle(ClassPath.ofThisProgram(), BORROWED).make(made);
        assertThat(bytes).isGreaterThan(1_000_000);
        assertThat(names()).containsExactly("made");
        Path moved = Files.move(made, folder.resolve("mo ved"));
        ProcessBuilder builder =
                new ProcessBuilder("env", "-i", moved.resolve("kib").toString(), "--version");
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(said).isEqualTo("kib4j " + Version.NUMBER + "\n");
    }

    @Test
    void anEmptyFolderIsTaken() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        new Bundle(ClassPath.of(""), BORROWED).make(empty);
        assertThat(empty.resolve("kib")).isExecutable();
    }

    @Test
    void whatIsThereIsKept() throws IOException {
        Files.writeString(Files.createDirectory(folder.resolve("full")).resolve("mine"), "mine");
        Files.writeString(folder.resolve("file"), "mine");
        for (String name : List.of("full", "file")) {
            kib("bundle", folder.resolve(name).toString())
                    .assertSentence(
                            2,
                            name
                                    + " exists and is not an empty folder; name another one for the bundle, or remove it.");
        }
        assertThat(folder.resolve("full/mine")).hasContent("mine");
        assertThat(names()).containsExactly("file", "full");
        kib("bundle").assertSentence(2, "DIR");
    }

    @Test
    void aFullDiskLeavesNothing() throws IOException {
        IOException problem = new FileSystemException("runtime", null, "No space left on device");
        Bundle bundle = new Bundle(ClassPath.of(""), failing(problem));
        assertThatThrownBy(() -> bundle.make(folder.resolve("a/b"))).isSameAs(problem);
        assertThat(folder.resolve("a")).isEmptyDirectory();
    }

    @Test
    void aJavaWithoutJlinkIsSaid() throws IOException {
        JavaRuntime without = new JavaRuntime(JavaRuntime.MODULES) {
            @Override
            Optional<ToolProvider> tool() {
                return Optional.empty();
            }
        };
        assertThatThrownBy(() -> new Bundle(ClassPath.of(""), without).make(folder.resolve("a")))
                .isInstanceOf(RefusedException.class)
                .isNotInstanceOf(UsageException.class)
                .hasMessageStartingWith("This Java (" + System.getProperty("java.home") + ") cannot make a runtime")
                .hasMessageEndingWith(".");
        assertThat(names()).isEmpty();
    }

    @Test
    void whatJlinkSaysIsPassedOn() {
        JavaRuntime real = new JavaRuntime(JavaRuntime.MODULES);
        assertThatThrownBy(() -> real.make(folder)) // which is there already
                .isInstanceOf(IOException.class)
                .hasMessageContaining("jlink ended with status")
                .hasMessageContaining(folder.toString());
    }

    @Test
    void aModuleThatIsNoneIsSaid() {
        assertThatThrownBy(() -> new JavaRuntime("java.base,java.none").make(folder.resolve("a")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("java.none");
    }

    @Test
    void foldersOfClassesBecomeJarsAndManifestsAreFollowed() throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes/a/b"));
        Files.writeString(classes.resolve("C.class"), "C");
        Path lib = Files.createDirectory(folder.resolve("lib"));
        jar(lib.resolve("one.jar"), "", "one");
        Path first = jar(folder.resolve("first.jar"), "lib/one.jar lib/none.jar", "first");
        Path other = jar(Files.createDirectory(folder.resolve("other")).resolve("one.jar"), "", "other");
        String text = String.join(
                File.pathSeparator,
                first.toString(),
                jar(folder.resolve("first-sources.jar"), "", "source").toString(),
                jar(folder.resolve("first-javadoc.jar"), "", "page").toString(),
                other.toString(),
                classes.resolve("../..").toString());
        Path jars = Files.createDirectory(folder.resolve("jars"));
        ClassPath.of(text).copyTo(jars);
        assertThat(content(jars.resolve("one.jar"))).contains("one").doesNotContain("other");
        assertThat(content(jars.resolve("classes-2.jar"))).containsExactly("a/b/C.class");
        try (Stream<Path> all = Files.list(jars)) {
            assertThat(all).hasSize(3);
        }
    }

    @Test
    void allPresetsThatTheCudaDeviceUsesTravel() {
        Set<String> used = new TreeSet<>();
        for (JavaClass one : new ClassFileImporter().importPackages("io.github.kib4j.cuda")) {
            one.getDirectDependenciesFromSelf().stream()
                    .map(dependency ->
                            dependency.getTargetClass().getBaseComponentType().getName())
                    .filter(name -> name.startsWith("org.bytedeco.cuda."))
                    .forEach(used::add);
        }
        assertThat(used).hasSizeGreaterThan(10);
        assertThat(used).noneMatch(name -> ClassPath.isUnusedPreset(name.replace('.', '/') + ".class"));
    }

    @Test
    void ofNvidiasPresetsOnlyWhatIsUsedTravels() throws IOException {
        String base = "org/bytedeco/cuda/";
        String[] used = {
            base + "cudart/cudaDeviceProp.class",
            base + "cublas/cublasContext.class",
            base + "cudnn/cudnnContext.class",
            base + "presets/npp.class",
            base + "global/cudart.class",
            base + "global/cublas.class",
            base + "global/cudnn.class",
            base + "linux-x86_64/libjnicudart.so",
            base + "linux-x86_64/libjnicublas.so",
            base + "linux-x86_64/libjnicudnn.so",
            "META-INF/maven/org.bytedeco/cuda/pom.properties"
        };
        String[] unused = {
            base + "npp/NppiSize.class",
            base + "global/nppi.class",
            base + "global/cudnn_other.class",
            base + "linux-x86_64/libjninppi.so",
            base + "linux-x86_64/libjnicusolver.so"
        };
        Path cuda = jar(
                folder.resolve("cuda-13.1-9.19-1.5.13.jar"),
                "",
                Stream.of(used, unused).flatMap(Stream::of).toArray(String[]::new));
        Path dnnl = jar(folder.resolve("dnnl-3.11-1.5.13.jar"), "", "dnnl");
        Path jars = Files.createDirectory(folder.resolve("jars"));
        ClassPath.of(cuda + File.pathSeparator + dnnl).without("dnnl", "opencl").copyTo(jars);
        assertThat(content(jars.resolve(cuda.getFileName())))
                .contains("META-INF/MANIFEST.MF")
                .contains(used)
                .doesNotContain(unused);
        assertThat(jars.resolve(dnnl.getFileName())).doesNotExist();
    }
}
