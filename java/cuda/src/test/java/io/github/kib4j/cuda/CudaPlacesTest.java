package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which libraries are taken on machines of all kinds: nothing is loaded. */
class CudaPlacesTest {
    @TempDir
    Path root;

    private Path driver;

    @BeforeEach
    void installDriver() throws IOException {
        driver = install("usr/lib/x86_64-linux-gnu", CudaLibrary.DRIVER);
    }

    /** Puts libraries into a folder. */
    private Path install(String folder, CudaLibrary... libraries) throws IOException {
        Path into = Files.createDirectories(root.resolve(folder));
        for (CudaLibrary library : libraries) {
            for (String file : library.files()) {
                if (!Files.exists(into.resolve(file))) {
                    Files.createFile(into.resolve(file));
                }
            }
        }
        return into;
    }

    private static final CudaLibrary[] CUDA = {CudaLibrary.RUNTIME, CudaLibrary.BLAS_LT, CudaLibrary.BLAS};

    private CudaChoice choose(Map<String, String> environment) {
        return CudaChoice.of(CudaPlaces.of(environment, null, root));
    }

    private void assertTakes(Map<String, String> environment, Path cuda, Path dnn) {
        CudaChoice choice = choose(environment);
        for (CudaLibrary library : CudaLibrary.values()) {
            assertThat(choice.problem(library)).isEmpty();
            assertThat(choice.file(library))
                    .contains((library == CudaLibrary.DRIVER ? driver : library == CudaLibrary.DNN ? dnn : cuda)
                            .resolve(library.file()));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "usr/local/lib/python3.12/dist-packages",
                "usr/lib/python3/dist-packages",
                "opt/conda/lib/python3.11/site-packages",
                "home/me/.local/lib/python3.10/site-packages",
                "home/me/miniconda3/lib/python3.13/site-packages",
                "home/me/project/.venv/lib/python3.9/site-packages",
                "home/me/named/lib64/python3.12/site-packages"
            })
    void wheelsOfPythonAreFoundWithoutRunningIt(String site) throws IOException {
        Path cuda = install(site + "/nvidia/cu13/lib", CUDA);
        Path dnn = install(site + "/nvidia/cudnn/lib", CudaLibrary.DNN);
        Path bin = Files.createDirectories(root.resolve("home/me/project/.venv/bin"));
        assertThat(Files.createFile(bin.resolve("python3")).toFile().setExecutable(true))
                .isTrue();
        assertTakes(
                Map.of(
                        "HOME", root.resolve("home/me").toString(),
                        "PATH", "/nowhere:" + bin,
                        "VIRTUAL_ENV", root.resolve("home/me/named").toString()),
                cuda,
                dnn);
    }

    @ParameterizedTest
    @ValueSource(strings = {"usr/local/cuda/lib64", "usr/local/cuda-13.0/targets/x86_64-linux/lib", "opt/cuda/lib64"})
    void aToolkitIsFoundAndTheCudnnOfTheSystem(String folder) throws IOException {
        assertTakes(Map.of(), install(folder, CUDA), install("usr/lib/x86_64-linux-gnu", CudaLibrary.DNN));
    }

    @Test
    void theToolkitThatIsNamedComesBeforeOthersAndLaterVersionsBeforeEarlier() throws IOException {
        install("usr/local/cuda-13.0/lib64", CUDA);
        Path later = install("usr/local/cuda-13.10/lib64", CUDA);
        Path dnn = install("usr/lib64", CudaLibrary.DNN);
        assertTakes(Map.of(), later, dnn);
        Path named = install("apps/cuda/lib64", CUDA);
        assertTakes(Map.of("CUDA_HOME", root.resolve("apps/cuda").toString()), named, dnn);
        assertTakes(Map.of("CUDA_PATH", root.resolve("apps/cuda").toString()), named, dnn);
    }

    /** A toolkit without cuDNN stands before the wheels, which have all: nothing of it is taken. */
    @Test
    void twoInstallationsAreNotMixedWhereOneHasAll() throws IOException {
        Path venv = Files.createDirectories(root.resolve("venv"));
        install("venv/lib/python3.12/site-packages/nvidia/cu13/lib", CudaLibrary.RUNTIME);
        Path site = root.resolve("usr/local/lib/python3.12/dist-packages/nvidia");
        Path cuda = install(root.relativize(site.resolve("cu13/lib")).toString(), CUDA);
        Path dnn = install(root.relativize(site.resolve("cudnn/lib")).toString(), CudaLibrary.DNN);
        install("usr/local/cuda/lib64", CUDA);
        install("usr/lib64", CudaLibrary.DNN);
        assertTakes(Map.of("VIRTUAL_ENV", venv.toString()), cuda, dnn);
    }

    @Test
    void whatTheUserNamesComesFirstAndTheRestFromOnePlace() throws IOException {
        Path whole = install("usr/local/cuda/lib64", CUDA);
        install("usr/local/cuda/lib64", CudaLibrary.DNN);
        Path mine = install("mine", CudaLibrary.DNN);
        Map<String, String> named = Map.of(CudaPlaces.VARIABLE, mine + ":" + root);
        assertTakes(named, whole, mine);
        assertThat(choose(named).linkPath())
                .as("JavaCPP would else take the toolkit's")
                .containsExactly(mine, whole);
        CudaPlaces places = CudaPlaces.of(named, whole.toString(), root);
        assertThat(CudaChoice.of(places).linkPath())
                .as("JavaCPP's own property is the user's, too")
                .containsExactly(whole);
    }

    /** Conda's packages, a module of a cluster, what the linker knows. */
    @Test
    void otherPlaces() throws IOException {
        Path conda = install("conda/lib", CUDA);
        install("conda/lib", CudaLibrary.DNN);
        assertTakes(Map.of("CONDA_PREFIX", root.resolve("conda").toString()), conda, conda);
        Path module = install("apps/cuda13/lib", CUDA);
        install("apps/cuda13/lib", CudaLibrary.DNN);
        assertTakes(Map.of("LD_LIBRARY_PATH", module.toString()), module, module);
        Path strange = install("srv/nvidia", CUDA);
        install("srv/nvidia", CudaLibrary.DNN);
        cache(strange.resolve("libcudart.so.13"), strange.resolve("libcudnn.so.9"));
        assertTakes(Map.of(), strange, strange);
    }

    /** Writes the linker's cache as glibc before 2.32 did, behind the old one, with a library of 32 bits first. */
    private void cache(Path... libraries) throws IOException {
        ByteBuffer cache = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
        cache.put("ld.so-1.7.0\0".getBytes(StandardCharsets.US_ASCII)).putInt(0);
        int start = cache.position();
        cache.put("glibc-ld.so.cache1.1".getBytes(StandardCharsets.US_ASCII)).putInt(2 * libraries.length);
        int text = 2048;
        for (int i = 0; i < 2 * libraries.length; i++) {
            Path library = i % 2 == 0 ? Path.of("/usr/lib32/" + libraries[i / 2].getFileName()) : libraries[i / 2];
            byte[] name = (library.getFileName() + "\0").getBytes(StandardCharsets.UTF_8);
            byte[] path = (library + "\0").getBytes(StandardCharsets.UTF_8);
            cache.position(start + 48 + 24 * i);
            cache.putInt(i % 2 == 0 ? 0x0003 : 0x0303).putInt(text).putInt(text + name.length);
            cache.position(start + text);
            cache.put(name).put(path);
            text += name.length + path.length;
        }
        Files.createDirectories(root.resolve("etc"));
        Files.write(root.resolve("etc/ld.so.cache"), cache.array());
    }

    @Test
    void theCacheOfThisMachineIsRead() {
        Path file = Path.of("/etc/ld.so.cache");
        if (Files.exists(file)) {
            Map<String, Path> libraries = LinkerCache.read(file);
            assertThat(libraries).containsKey("libc.so.6");
            assertThat(libraries.get("libc.so.6")).exists();
        }
    }

    @Test
    void aCacheThatIsNoneIsNothing() throws IOException {
        Path file = root.resolve("cache");
        assertThat(LinkerCache.read(file)).isEmpty();
        Files.writeString(file, "something else");
        assertThat(LinkerCache.read(file)).isEmpty();
        Files.writeString(file, "glibc-ld.so.cache1.1" + "\u0001\0\0\0" + "\0".repeat(60));
        assertThat(LinkerCache.read(file)).isEmpty();
        Files.writeString(file, "glibc-ld.so.cache1.1" + "\u0001\0\0\0" + "\0".repeat(24) + "\3\3\0\0xyz.xyz.");
        assertThat(LinkerCache.read(file)).as("offsets that lead out of it").isEmpty();
    }

    @Test
    void whatIsMissingIsSaidWithWhatToInstall() throws IOException {
        CudaChoice nothing = CudaChoice.of(CudaPlaces.of(Map.of(), null, root.resolve("empty")));
        assertThat(nothing.problem(CudaLibrary.DRIVER))
                .contains("there is no NVIDIA driver here (libcuda.so.1); install NVIDIA's driver 580 or later, which"
                        + " CUDA 13 needs.");
        assertThat(nothing.problem(CudaLibrary.RUNTIME))
                .contains("there is no CUDA runtime here (libcudart.so.13); install CUDA 13, or its part alone as pip"
                        + " install nvidia-cuda-runtime does, or name its folder in KIB_CUDA_LIBRARIES.");
        assertThat(nothing.problem(CudaLibrary.BLAS))
                .contains("there is no cuBLAS here (libcublas.so.13); install CUDA 13, or its part alone as pip"
                        + " install nvidia-cublas does, or name its folder in KIB_CUDA_LIBRARIES.");
        assertThat(nothing.problem(CudaLibrary.DNN))
                .contains("there is no cuDNN here (libcudnn.so.9); install cuDNN 9 for CUDA 13, as pip install"
                        + " nvidia-cudnn-cu13 does, or name its folder in KIB_CUDA_LIBRARIES.");
        assertThat(nothing.linkPath()).isEmpty();
        Path dnn = install("usr/lib64", CudaLibrary.DNN);
        Files.delete(dnn.resolve("libcudnn_cnn.so.9"));
        assertThat(choose(Map.of()).problem(CudaLibrary.DNN))
                .contains("cuDNN in " + dnn
                        + " is not whole (it has no libcudnn_cnn.so.9); install cuDNN 9 for CUDA 13, as"
                        + " pip install nvidia-cudnn-cu13 does, or name its folder in KIB_CUDA_LIBRARIES.");
    }

    /** The driver is the system's: what a toolkit has of that name is a stand-in, or older. */
    @Test
    void theDriverOfAToolkitIsNotTaken() throws IOException {
        Files.delete(driver.resolve("libcuda.so.1"));
        install("usr/local/cuda/lib64", CudaLibrary.values());
        assertThat(choose(Map.of()).problem(CudaLibrary.DRIVER)).isPresent();
        assertThat(choose(Map.of()).problem(CudaLibrary.DNN)).isEmpty();
    }

    @Test
    void aFolderThatDoesNotExistIsSaid() {
        CudaPlaces places = CudaPlaces.of(Map.of(CudaPlaces.VARIABLE, root + ":/nowhere/at/all"), "/nor/here", root);
        assertThat(places.problem())
                .contains(
                        "KIB_CUDA_LIBRARIES names /nowhere/at/all, which is no folder; set it to folders with NVIDIA's"
                                + " libraries, or unset it.");
        assertThat(CudaPlaces.of(Map.of(CudaPlaces.VARIABLE, "\0"), null, root).own())
                .isEqualTo(List.of());
    }
}
