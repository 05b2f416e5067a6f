package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceMemory;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.DeviceDataset;
import io.github.kib4j.train.MemoryEstimate;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A device whose memory another process holds: what does not fit is refused before, what fails nonetheless loses nothing. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaMemoryTest {
    private static final Shape IMAGE = Shape.of(1, 2, 2);
    private static final Dataset DATASET = TinyRun.dataset(IMAGE, 4000, 10);
    private static final long MEGABYTE = 1 << 20;
    private static final String REMEDY =
            ": end what else runs on it (nvidia-smi lists it), or take a smaller batch or another device.";

    @TempDir
    private Path folder;

    private static TrainingConfig config(int batch) {
        NetworkSpec network =
                NetworkSpec.mlp(IMAGE, List.of(8), 4, LayerSpec.linear(1).withGrouping(new Grouping(2, 0.8, 1, 0.2)));
        return TinyRun.config(TinyRun.phsic(), network, 2, batch, 0.01);
    }

    /** Has another process leave so many bytes for tensors. */
    private static void leave(Device device, long bytes) {
        DeviceMemory memory = device.ownMemory().orElseThrow();
        Emulator.take(memory.free() - memory.libraries() - bytes);
    }

    @Test
    void theDevicesMemoryIsItsOwn() {
        try (Device device = Devices.open("cuda", 0).device()) {
            DeviceMemory before = device.ownMemory().orElseThrow();
            Emulator.take(3 * MEGABYTE);
            DeviceMemory after = device.ownMemory().orElseThrow();
            assertThat(after.total()).isEqualTo(2048 * MEGABYTE).isEqualTo(before.total());
            assertThat(after.free()).isEqualTo(before.free() - 3 * MEGABYTE);
        }
    }

    @Test
    void aBatchThatDoesNotFitIsRefusedWithTheLargestThatDoes() {
        try (Device device = Devices.open("cuda", 0).device()) {
            leave(device, 300_000);
            int largest = largest(device, 4000);
            assertThat(largest).isBetween(500, 3900);
            assertThat(largest(device, 100_000)).isEqualTo(largest);
            assertThat(largest(device, largest + 1)).isEqualTo(largest);
            try (Trainer trainer = new Trainer(device, DATASET, config(largest))) {
                trainer.trainEpoch(StepListener.NONE);
                trainer.evaluate();
            }
        }
    }

    /** Returns the batch that the refusal of another one names. */
    private static int largest(Device device, int batch) {
        Throwable[] refused = new Throwable[1];
        try (Trainer trainer = new Trainer(device, DATASET, config(batch))) {
            assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .satisfies(thrown -> refused[0] = thrown);
            assertThat(trainer.step()).isZero();
        }
        Matcher sentence = Pattern.compile(
                        "This training needs about 257 MB of the device's memory \\(parameters 1 MB, optimizer 1 MB, a step's"
                                + " activations, gradients and scratch memory 1 MB, tables 1 MB, data set 1 MB, libraries"
                                + " 256 MB\\), but of its 2,048 MB 256 MB are free beside the 1 MB that it has"
                                + " already; the largest batch that fits is (\\d+)\\.")
                .matcher(refused[0].getMessage());
        assertThat(sentence.matches()).as(refused[0].getMessage()).isTrue();
        return Integer.parseInt(sentence.group(1));
    }

    /** What a data set has on the device already is not asked for again. */
    @Test
    void aDataSetThatIsThereIsNotCountedTwice() {
        try (Device device = Devices.open("cuda", 0).device();
                DeviceDataset dataset = DeviceDataset.upload(device, DATASET)) {
            MemoryEstimate estimate = MemoryEstimate.of(device, DeviceDataset.Sizes.of(DATASET), config(100))
                    .orElseThrow();
            leave(device, estimate.onDevice() - estimate.dataset());
            try (Trainer trainer = new Trainer(device, dataset, config(100))) {
                trainer.trainEpoch(StepListener.NONE);
            }
            Emulator.take(0);
            leave(device, estimate.onDevice() - estimate.dataset() - 1);
            try (Trainer trainer = new Trainer(device, dataset, config(100))) {
                assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE))
                        .isInstanceOf(OutOfDeviceMemoryException.class)
                        .hasMessageMatching(".*; the largest batch that fits is \\d\\d\\.");
            }
        }
    }

    /** Nor is what the run has: with room for its tensors alone it can be evaluated, and not trained. */
    @Test
    void whereNoBatchFitsThatIsSaid() {
        try (Device device = Devices.open("cuda", 0).device();
                Trainer trainer = new Trainer(device, DATASET, config(4000))) {
            leave(device, 0);
            assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageEndingWith(
                            " of its 2,048 MB 256 MB are free beside the 1 MB that it has already; no smaller"
                                    + " batch fits: take fewer or smaller layers, or fewer images.");
            assertThat(trainer.evaluate().images()).isEqualTo(10);
        }
    }

    /** Returns all numbers of a run. */
    private static List<Object> numbers(Trainer trainer) {
        List<Object> numbers = new ArrayList<>(trainer.lastEpoch().localLosses());
        trainer.network()
                .parameters()
                .forEach(parameter -> numbers.add(parameter.value().readFloats()));
        return numbers;
    }

    private static void train(Trainer trainer) {
        while (!trainer.isFinished()) {
            trainer.trainEpoch(StepListener.NONE);
        }
    }

    /** Another process takes everything between two epochs, and later ends: the run goes on as if nothing had been. */
    @Test
    void aDeviceThatFillsUpLosesNothing() throws IOException {
        try (Device device = Devices.open("cuda", 0).device()) {
            List<Object> undisturbed;
            try (Trainer trainer = new Trainer(device, DATASET, config(100))) {
                train(trainer);
                undisturbed = numbers(trainer);
            }
            try (Trainer trainer = new Trainer(device, DATASET, config(100))) {
                trainer.save(folder);
                Emulator.letFindNoMemory("cudaMalloc"); // taken between the check and the first step
                assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE))
                        .isInstanceOf(OutOfDeviceMemoryException.class)
                        .hasMessageMatching(
                                "The cuda device has no room for another 1 MB of 'run' beside the 1 MB that are in use here"
                                        + " \\(of its 2,048 MB 2,0\\d\\d MB are free, and another process may hold some\\): end"
                                        + " what else runs on it, or take a smaller batch or network\\.");
            }
            Emulator.letFindNoMemory();
            Emulator.take(Long.MAX_VALUE);
            assertThatThrownBy(() -> new Trainer(device, DATASET, config(100)))
                    .as("begun again while the device is full")
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessage(
                            "The cuda device has no room for another 1 MB of 'data set' beside the 0 MB that are in use"
                                    + " here (of its 2,048 MB 0 MB are free, and another process may hold some): end what else"
                                    + " runs on it, or take a smaller batch or network.");
            Emulator.take(0);
            Emulator.letFindNoMemory("cudaGraphInstantiate");
            try (Trainer trainer = new Trainer(device, DATASET, config(100))) {
                trainer.restore(folder);
                assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE))
                        .isInstanceOf(OutOfDeviceMemoryException.class)
                        .hasMessageMatching(
                                "cudaGraphInstantiate of a step of \\d+ parts returned cudaErrorMemoryAllocation"
                                        + " \\(out of memory\\): the device has no room \\(of its 2,048 MB 2,0\\d\\d MB are"
                                        + " free, and another process may hold some\\)" + Pattern.quote(REMEDY));
            }
            Emulator.letFindNoMemory();
            try (Trainer trainer = new Trainer(device, DATASET, config(100))) {
                trainer.restore(folder);
                train(trainer);
                assertThat(numbers(trainer)).usingRecursiveComparison().isEqualTo(undisturbed);
            }
        }
    }

    /** Wherever opening finds no memory: a sentence, nothing is left behind, and the next attempt succeeds. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cudaSetDevice,cudaMemGetInfo | cudaSetDevice returned cudaErrorMemoryAllocation (out of memory): the device has no"
                        + " room",
                "cudaStreamCreateWithFlags | cudaStreamCreateWithFlags returned cudaErrorMemoryAllocation (out of memory): the"
                        + " device has no room (of its 2,048 MB 2,048 MB are free, and another process may hold some)",
                "cudaMalloc | cudaMalloc of 4194304 bytes for copies returned cudaErrorMemoryAllocation (out of memory): the device"
                        + " has no room (of its 2,048 MB 2,048 MB are free, and another process may hold some)",
                "cublasLtCreate | cublasLtCreate returned CUBLAS_STATUS_ALLOC_FAILED: the device has no room (of its 2,048 MB"
                        + " 2,044 MB are free, and another process may hold some)",
            })
    void noRoomToOpenADevice(String functions, String sentence) {
        CudaBackend.load();
        CudaCard card = CudaCard.all().get(0);
        Emulator.letFindNoMemory(functions.split(","));
        assertThatThrownBy(() -> CudaBackend.open(card, CudaOptions.DEFAULT))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessage(sentence + REMEDY);
        Emulator.letFindNoMemory();
        CudaBackend.open(card, CudaOptions.DEFAULT).close();
    }

    /** The memory of pinned pages is the machine's. */
    @Test
    void noRoomOnTheHost() {
        CudaBackend.load();
        CudaCard card = CudaCard.all().get(0);
        Emulator.letFindNoMemory("cudaMallocHost");
        assertThatThrownBy(() -> CudaBackend.open(card, CudaOptions.DEFAULT))
                .isInstanceOf(CudaException.class)
                .hasMessage(
                        "cudaMallocHost of 4194304 bytes for copies returned cudaErrorMemoryAllocation (out of memory):"
                                + " this machine has no room for memory that a GPU may copy: end what else runs on it, or give"
                                + " this process' container more memory.");
    }

    /** cuDNN's handle is made with the first convolution. What cuDNN said before of one that it does not have is not said again. */
    @Test
    void noRoomForCudnn() {
        try (Device device = Devices.open("cuda", 0).device();
                Scope scope = device.newScope("test")) {
            Tensor images = scope.allocate(DataType.BF16, Shape.of(2, 8, 4, 4));
            Tensor gradient = scope.allocate(DataType.F32, Shape.of(8, 8, 3, 3));
            device.product().weightGradient(gradient, null, images, images, new Geometry(3));
        }
        try (Device device = Devices.open("cuda", 0).device();
                Trainer trainer =
                        new Trainer(device, TinyRun.dataset(20, 10), TinyRun.config(TinyRun.phsic(), 1, 10, 0.01))) {
            Emulator.letFindNoMemory("cudnnCreate");
            assertThatThrownBy(() -> trainer.trainEpoch(StepListener.NONE))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessage(
                            "cudnnCreate returned CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED: the device has no"
                                    + " room (of its 2,048 MB 2,043 MB are free, and another process may hold some)"
                                    + REMEDY);
        }
    }
}
