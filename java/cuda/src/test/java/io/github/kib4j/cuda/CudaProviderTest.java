package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Planted situations, each in a process of its own: the sentence, and what {@code auto} takes. */
@ExtendWith(EmulatedDevice.class)
class CudaProviderTest {
    private static final Path LIBRARIES =
            Emulator.FOLDER.resolve("lib").toAbsolutePath().normalize();

    @BeforeAll
    static void kernels() {
        assumeTrue(PlantedKernels.areBuilt(), "kernels built by nvcc");
    }

    private static String open(String planted, String claims, String... names) throws Exception {
        List<String> options = new ArrayList<>(
                List.of("-Dkib4j.emulator=" + Emulator.FOLDER.toAbsolutePath(), "-Dplanted=" + planted.split(",")[0]));
        if (planted.contains(",")) {
            options.add("-Dplanted.architectures=" + planted.split(",")[1]);
        }
        Map<String, String> environment = new HashMap<>(Map.of(CudaPlaces.VARIABLE, LIBRARIES.toString()));
        if (claims.startsWith("KIB_EMULATOR_")) {
            environment.put(claims.substring(0, claims.indexOf('=')), claims.substring(claims.indexOf('=') + 1));
        } else if (!claims.isEmpty()) {
            environment.put("KIB_EMULATOR_CLAIMS", claims);
        }
        ChildJava.Said said = ChildJava.run(ProviderProbe.class, environment, options, names);
        assertThat(said.code()).as(said.text()).isZero();
        return said.text();
    }

    @Test
    void allIsWell() throws Exception {
        assertThat(open("RIGHT", "", "cuda", "cuda:0", "cuda:9", "auto", "parts"))
                .isEqualTo("opened: reference\n".repeat(2)
                        + "refused: There is no device 'cuda:9' here; there is cuda.\n"
                        + "opened: reference\n"
                        + "driver | for CUDA 13.0, " + LIBRARIES + "/libcuda.so.1 | well\n"
                        + "runtime | 13.0, " + LIBRARIES + "/libcudart.so.13 | well\n"
                        + "cuBLASLt | 13.0.0, " + LIBRARIES + "/libcublasLt.so.13 | well\n"
                        + "cuBLAS | 13.0.0, " + LIBRARIES + "/libcublas.so.13 | well\n"
                        + "cuDNN | 9.19.0, " + LIBRARIES + "/libcudnn.so.9 | well\n"
                        + "kernels | for sm_80 compute_80 | well\n"
                        + "GPU 0 | kib4j emulated device 9.0, 2.0 GiB, compute capability 9.0, runs compute_80 | well\n"
                        + "GPU 0 memory | 2.0 of 2.0 GiB free | well\n"
                        + "GPU 0 self-test | a kernel wrote, a product and a convolution were right | well\n");
    }

    /** What makes the kind unavailable: asked for by name it is refused, {@code auto} takes the next and says why. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "driver=12.8 | driver in FOLDER/libcuda.so.1 does not fit (the driver is for CUDA 12.8 at most); install NVIDIA's"
                        + " driver 580 or later, which CUDA 13 needs.",
                "runtime=12.9 | runtime in FOLDER/libcudart.so.13 does not fit (it says that it is CUDA 12.9, not 13); install"
                        + " CUDA 13, or its part alone as pip install nvidia-cuda-runtime does, or name its folder in"
                        + " KIB_CUDA_LIBRARIES.",
                "cublas=12.9.1 | cuBLAS in FOLDER/libcublas.so.13 does not fit (it is 12.9.1, but cuBLASLt, a part of it, is"
                        + " 13.0.0); install CUDA 13, or its part alone as pip install nvidia-cublas does, or name its"
                        + " folder in KIB_CUDA_LIBRARIES.",
                "cublaslt=12.9.1 | cuBLASLt in FOLDER/libcublasLt.so.13 does not fit (it says that it is of CUDA 12.9.1, not 13);"
                        + " install CUDA 13, or its part alone as pip install nvidia-cublas does, or name its folder in"
                        + " KIB_CUDA_LIBRARIES.",
                "cudnn=9.1.0 | cuDNN in FOLDER/libcudnn.so.9 does not fit (it is 9.1.0, but at least 9.12.0 is needed); install"
                        + " cuDNN 9 for CUDA 13, as pip install nvidia-cudnn-cu13 does, or name its folder in"
                        + " KIB_CUDA_LIBRARIES.",
                "cudnn=8.9.7 | cuDNN in FOLDER/libcudnn.so.9 does not fit (it says that it is 8.9.7, not 9); install cuDNN 9 for"
                        + " CUDA 13, as pip install nvidia-cudnn-cu13 does, or name its folder in KIB_CUDA_LIBRARIES.",
                "cudnn-runtime=12.8 | cuDNN in FOLDER/libcudnn.so.9 does not fit (it is 9.19.0 for CUDA 12.8, not for CUDA 13);"
                        + " install cuDNN 9 for CUDA 13, as pip install nvidia-cudnn-cu13 does, or name its folder in"
                        + " KIB_CUDA_LIBRARIES.",
                "devices=0 | cudaGetDeviceCount returned cudaErrorNoDevice (no CUDA-capable device is detected): there is no"
                        + " GPU: see whether nvidia-smi lists one, and unset CUDA_VISIBLE_DEVICES.",
                "capability=7.5 | the GPU kib4j emulated device 7.5 has compute capability 7.5, and kib4j's kernels need 8.0 or"
                        + " later (from A100 and GeForce RTX 30 on); take another device."
            })
    void whatDoesNotFit(String claims, String text) throws Exception {
        String sentence = text.replace("FOLDER", LIBRARIES.toString());
        assertThat(open("RIGHT", claims, "cuda", "auto", "parts"))
                .contains(claims.matches("devices.*|capability.*") ? "GPU" : "| " + sentence + "\n")
                .startsWith("refused: Device 'cuda' cannot be used here: " + sentence + "\n" + "passed over: cuda: "
                        + sentence + "\nopened: reference\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NOT_BUILT | this build has no CUDA kernels; build it with nvcc.",
                "RIGHT,sm_100 compute_120 | this build has kernels for sm_100 compute_120, and none of these runs on the GPU kib4j emulated"
                        + " device 9.0 of compute capability 9.0; build it with sm_90 among them."
            })
    void aBuildWithoutKernelsForTheCard(String planted, String sentence) throws Exception {
        assertThat(open(planted, "", "cuda", "auto"))
                .isEqualTo("refused: Device 'cuda' cannot be used here: " + sentence + "\n" + "passed over: cuda: "
                        + sentence + "\nopened: reference\n");
    }

    /** What only shows when the device is opened: so does {@code auto} go on. */
    @Test
    void aKernelThatWritesNothing() throws Exception {
        String sentence =
                "The self-test failed: a kernel of kib4j's was launched without an error and wrote nothing: start again"
                        + " with no other CUDA in the process (unset LD_LIBRARY_PATH and LD_PRELOAD), else install another version"
                        + " of the driver.\n";
        assertThat(open("WRITES_NOTHING", "", "cuda", "auto", "parts"))
                .startsWith("refused: " + sentence + "passed over: cuda: " + sentence + "opened: reference\n")
                .endsWith("GPU 0 memory | 2.0 of 2.0 GiB free | well\nGPU 0 self-test |  | " + sentence);
    }

    /** A card that others fill: the doctor says so, and where nothing is left {@code auto} goes on. */
    @Test
    void aFullDevice() throws Exception {
        String remedy = "end what else runs on it (nvidia-smi lists it), or take ";
        assertThat(open("RIGHT", "KIB_EMULATOR_TAKEN=1900M", "cuda", "parts"))
                .startsWith("opened: reference\n")
                .contains("GPU 0 memory | 0.1 of 2.0 GiB free | nearly full; " + remedy + "another GPU.\n"
                        + "GPU 0 self-test | a kernel wrote, a product and a convolution were right | well\n");
        String sentence =
                " returned cudaErrorMemoryAllocation (out of memory): the device has no room (of its 2,048 MB 0 MB are free, and"
                        + " another process may hold some): " + remedy + "a smaller batch or another device.\n";
        assertThat(open("RIGHT", "KIB_EMULATOR_TAKEN=2G", "cuda", "auto", "parts"))
                .startsWith("refused: cudaMalloc of the self-test" + sentence + "passed over: cuda: cudaMalloc of the"
                        + " self-test" + sentence + "opened: reference\n")
                .endsWith("GPU 0 memory | 0.0 of 2.0 GiB free | nearly full; " + remedy + "another GPU.\n"
                        + "GPU 0 self-test |  | cudaMalloc of the self-test" + sentence);
        assertThat(open("RIGHT", "KIB_EMULATOR_FULL=cudaSetDevice,cudaMemGetInfo", "cuda", "parts"))
                .startsWith(
                        "refused: cudaSetDevice returned cudaErrorMemoryAllocation (out of memory): the device has no"
                                + " room: " + remedy + "a smaller batch or another device.\n")
                .endsWith(
                        "GPU 0 memory |  | cudaSetDevice returned cudaErrorMemoryAllocation (out of memory): the device has"
                                + " no room: " + remedy + "a smaller batch or another device.\n");
    }

    /** The device is lost to the process, which goes on with another. */
    @Test
    void aDeviceThatIsLost() throws Exception {
        String sentence =
                " returned cudaErrorIllegalAddress \\(an illegal memory access was encountered\\): a kernel failed on the"
                        + " GPU: start again from the last checkpoint, and if it comes again, report it with what"
                        + " compute-sanitizer says of the same command; the device is lost to this process\\.\n";
        assertThat(open("WRITES_FAR_BEYOND", "", "cuda", "auto", "parts").replaceAll("kib-emulator: .*\n", ""))
                .containsPattern("^refused: cuda[A-Za-z]+( of the self-test)?" + sentence)
                .containsPattern("\npassed over: cuda: cuda[A-Za-z]+" + sentence + "opened: reference\n");
    }

    /** A machine that never had a GPU is not told so each time; asked for by name, the device says what is missing. */
    @Test
    void aMachineWithoutAGpuIsNotSpokenOf() throws Exception {
        Path root = Path.of("/");
        assumeTrue(
                !NvidiaHardware.isIn(root)
                        && CudaChoice.of(CudaPlaces.of(Map.of(), null, root))
                                .file(CudaLibrary.DRIVER)
                                .isEmpty(),
                "this machine has no GPU of NVIDIA's");
        ChildJava.Said said = ChildJava.run(ProviderProbe.class, Map.of(), List.of("-Dplanted=RIGHT"), "cuda", "auto");
        assertThat(said.text())
                .isEqualTo(
                        "refused: Device 'cuda' cannot be used here: no GPU of NVIDIA's shows itself in this machine, nor a"
                                + " driver of one; in a container, give it the GPU and the driver's libraries.\n"
                                + "opened: reference\n");
    }
}
