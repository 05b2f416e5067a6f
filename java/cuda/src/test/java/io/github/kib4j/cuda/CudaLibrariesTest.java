package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The door: what it loads, in processes in which nothing was loaded before, and in this one. */
@ExtendWith(EmulatedDevice.class)
class CudaLibrariesTest {
    private static final Path LIBRARIES =
            Emulator.FOLDER.resolve("lib").toAbsolutePath().normalize();

    @TempDir
    Path root;

    /** JUnit warns of links that lead elsewhere. */
    @AfterEach
    void removeLinks() throws IOException {
        try (var all = Files.walk(root)) {
            for (Path link : all.filter(Files::isSymbolicLink).toList()) {
                Files.delete(link);
            }
        }
    }

    private Path link(String folder, CudaLibrary... libraries) throws IOException {
        Path into = Files.createDirectories(root.resolve(folder));
        for (CudaLibrary library : libraries) {
            for (String file : library.files()) {
                Files.createSymbolicLink(into.resolve(file), LIBRARIES.resolve(file));
            }
        }
        return into;
    }

    private ChildJava.Said open(Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        return ChildJava.run(DoorProbe.class, environment, List.of(options), root.toString());
    }

    private static String lines(Path folder) {
        return "driver | for CUDA 13.0 | " + folder + "/libcuda.so.1 | null\n"
                + "runtime | 13.0 | " + folder + "/libcudart.so.13 | null\n"
                + "cuBLASLt | 13.0.0 | " + folder + "/libcublasLt.so.13 | null\n"
                + "cuBLAS | 13.0.0 | " + folder + "/libcublas.so.13 | null\n"
                + "cuDNN | 9.19.0 | " + folder + "/libcudnn.so.9 | null\n";
    }

    @Test
    void thisProcess() {
        CudaLibraries.load();
        CudaLibraries.load();
        assertThat(CudaLibraries.problem()).isEmpty();
        assertThat(CudaLibraries.parts()).extracting(CudaPart::problem).containsOnlyNulls();
        assertThat(CudaLibraries.parts())
                .extracting(CudaPart::name)
                .containsExactly("driver", "runtime", "cuBLASLt", "cuBLAS", "cuDNN");
        assertThat(CudaLibraries.parts())
                .extracting(CudaPart::path)
                .allSatisfy(path -> assertThat(path).startsWith(LIBRARIES.toString()));
    }

    /** With an empty environment: each library finds the others, cuDNN's parts too. */
    @Test
    void wheelsOfPython() throws Exception {
        link("usr/lib/x86_64-linux-gnu", CudaLibrary.DRIVER);
        String site = "usr/local/lib/python3.12/dist-packages/nvidia/";
        link(site + "cu13/lib", CudaLibrary.RUNTIME, CudaLibrary.BLAS_LT, CudaLibrary.BLAS);
        link(site + "cudnn/lib", CudaLibrary.DNN);
        ChildJava.Said said = open(Map.of());
        assertThat(said.text()).isEqualTo(lines(LIBRARIES));
        assertThat(said.code()).isZero();
    }

    @Test
    void withoutCudnnTheOthersAreLoadedAndCudnnIsMissing() throws Exception {
        Path folder = link("mine", CudaLibrary.DRIVER, CudaLibrary.RUNTIME, CudaLibrary.BLAS_LT, CudaLibrary.BLAS);
        ChildJava.Said said = open(Map.of(CudaPlaces.VARIABLE, folder.toString()));
        assertThat(said.text())
                .startsWith(lines(LIBRARIES).lines().limit(4).reduce("", (all, line) -> all + line + "\n"))
                .endsWith(
                        "cuDNN | null | null | there is no cuDNN here (libcudnn.so.9); install cuDNN 9 for CUDA 13, as pip"
                                + " install nvidia-cudnn-cu13 does, or name its folder in KIB_CUDA_LIBRARIES.\n");
        assertThat(said.code()).isEqualTo(1);
    }

    /** The folder of JavaCPP's own property, and what it lacks from elsewhere; no other library of the name is taken instead. */
    @Test
    void whatIsNoLibraryIsSaid() throws Exception {
        Path folder = link("jcpp", CudaLibrary.DRIVER, CudaLibrary.BLAS_LT, CudaLibrary.BLAS);
        link("usr/local/cuda/lib64", CudaLibrary.DNN);
        Path runtime = Files.writeString(root.resolve("usr/local/cuda/lib64/libcudart.so.13"), "not a library");
        ChildJava.Said said = open(Map.of(), "-Dorg.bytedeco.javacpp.platform.linkpath=" + folder);
        assertThat(said.text())
                .contains("driver | null | " + LIBRARIES + "/libcuda.so.1 | null\n")
                .containsPattern("runtime \\| null \\| " + runtime + " \\| runtime in " + runtime
                        + " does not load \\([^\n]+\\); install CUDA 13, or its part alone as pip install"
                        + " nvidia-cuda-runtime does, or name its folder in KIB_CUDA_LIBRARIES\\.\n")
                .endsWith("cuDNN | null | " + root + "/usr/local/cuda/lib64/libcudnn.so.9 | null\n");
        assertThat(said.code()).isEqualTo(1);
    }

    /** Nothing of CUDA is touched, so this process can tell it. */
    @Test
    void withoutADriverNothingIsTouched() throws Exception {
        Path dnn = link("usr/local/cuda/lib64", CudaLibrary.DNN);
        CudaLibraries libraries = CudaLibraries.open(CudaPlaces.of(Map.of(), null, root));
        assertThat(libraries.firstProblem())
                .contains("there is no NVIDIA driver here (libcuda.so.1); install NVIDIA's driver 580 or later, which"
                        + " CUDA 13 needs.");
        assertThat(libraries.found().get(4)).isEqualTo(new CudaPart("cuDNN", null, dnn + "/libcudnn.so.9", null));
    }

    @Test
    void aFolderThatIsNoneIsSaid() {
        CudaLibraries libraries =
                CudaLibraries.open(CudaPlaces.of(Map.of(CudaPlaces.VARIABLE, "/no/such/folder"), null, root));
        assertThat(libraries.firstProblem().orElseThrow())
                .startsWith("KIB_CUDA_LIBRARIES names /no/such/folder, which is no folder;");
    }

    @Test
    void elsewhereThereAreNoNativeLibraries() {
        String processor = System.getProperty("os.arch");
        System.setProperty("os.arch", "aarch64");
        try {
            assertThat(CudaLibraries.open(CudaPlaces.of(Map.of(), null, root))
                            .firstProblem()
                            .orElseThrow())
                    .startsWith("its native libraries are for Linux on x86-64, but this is linux on aarch64;");
        } finally {
            System.setProperty("os.arch", processor);
        }
    }
}
