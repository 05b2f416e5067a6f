package io.github.kib4j.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.files.Safetensors;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.model.Model;
import io.github.kib4j.model.Samples;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models in others' formats: ONNX is run by onnxruntime, and says what evaluation says. */
final class ExportTest {
    private static final Shape IMAGE = Shape.of(2, 8, 8);
    private static final int IMAGES = 100;

    @TempDir
    Path folder;

    private static Stream<NetworkSpec> networks() {
        LayerSpec plain = LayerSpec.linear(1).withDropout(new Dropout(0.1, false));
        LayerSpec full = plain.withBatchNorm(true).withGrouping(new Grouping(4, 0.8, 1, 0.2));
        LayerSpec odd = new LayerSpec(
                5, 6, true, true, Activation.SELU, Pooling.AVERAGE, new Grouping(3, 0.5, 0.1, 0.5), Dropout.NONE);
        LayerSpec last =
                LayerSpec.linear(12).withActivation(Activation.IDENTITY).withGrouping(new Grouping(4, 1, 1, 0));
        LayerSpec relu =
                LayerSpec.convolution(8).withActivation(Activation.RELU).withBias(true);
        return Stream.of(
                NetworkSpec.mlp(IMAGE, List.of(16, 12), 4, plain.withBias(true)),
                NetworkSpec.vgg(IMAGE, new int[] {8, 12, 8}, Set.of(0, 2), 16, 4, full),
                new NetworkSpec(IMAGE, List.of(odd, relu.withPooling(Pooling.MAX), last), 4),
                new NetworkSpec(IMAGE, List.of(relu, odd, last), 4).withReadout(new ReadoutSpec(75)));
    }

    private SavedModel trained(NetworkSpec network, Dataset dataset) throws IOException {
        try (Device device = Devices.open("reference", 2).device();
                Trainer trainer = new Trainer(
                        device,
                        dataset,
                        TinyRun.config(new BackpropRule(), network, 3, 16, 0.01).withWeightAverage(0.9))) {
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            trainer.save(folder.resolve("run"));
        }
        return Model.read(folder.resolve("run"), null);
    }

    @ParameterizedTest
    @MethodSource("networks")
    void onnxruntimeSaysTheSame(NetworkSpec network) throws IOException, OrtException {
        Dataset dataset = TinyRun.dataset(48, IMAGES);
        SavedModel saved = trained(network, dataset);
        Path file = folder.resolve("model.onnx");
        Export.onnx(saved, file);
        byte[] pixels = dataset.test().pixels().bytes();
        float[] inputs = new float[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            inputs[i] = (pixels[i] & 255) / 255f;
        }
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (Device device = Devices.open("reference", 2).device();
                Model model = Model.load(device, saved);
                OrtSession session = environment.createSession(file.toString());
                OnnxTensor images =
                        OnnxTensor.createTensor(environment, FloatBuffer.wrap(inputs), new long[] {IMAGES, 2, 8, 8});
                OrtSession.Result said = session.run(Map.of("input", images))) {
            int[] classes = model.predict(Samples.ofBytes(pixels));
            float[][] own = model.logits(Samples.ofBytes(pixels));
            float[][] logits = (float[][]) said.get("logits").orElseThrow().getValue();
            float[][] probabilities =
                    (float[][]) said.get("probabilities").orElseThrow().getValue();
            double[][] expected = model.probabilities(Samples.ofBytes(pixels));
            for (int i = 0; i < IMAGES; i++) {
                Bounded bounded = Bounded.logits(saved, pixels, i * 128);
                for (int m = 0; m < 4; m++) {
                    double bound = bounded.bound(m);
                    assertThat(bound).as("a bound that says something").isLessThan(1e-3);
                    assertThat((double) own[i][m]).as("the reference").isCloseTo(bounded.value()[m], within(1e-6));
                    assertThat((double) logits[i][m]).isCloseTo(bounded.value()[m], within(bound));
                    // the softmax changes by half of what logits change by, at most
                    assertThat((double) probabilities[i][m]).isCloseTo(expected[i][m], within(bound + 1e-6));
                }
                assertThat(largest(logits[i])).as("image " + i).isEqualTo(classes[i]);
            }
            assertThat(session.getMetadata().getCustomMetadata())
                    .containsExactlyInAnyOrderEntriesOf(
                            Map.of("class_names", "[\"a\", \"b\", \"c\", \"d\"]", "rule", "backprop"));
            TensorInfo input = (TensorInfo) session.getInputInfo().get("input").getInfo();
            assertThat(input.getShape()).containsExactly(-1, 2, 8, 8);
            assertThat(input.getDimensionNames()).startsWith("batch");
            assertThat(session.getOutputNames()).containsExactly("logits", "probabilities");
        }
        assertThat(folder).isDirectoryNotContaining("glob:**.new");
    }

    private static int largest(float[] row) {
        int best = 0;
        for (int m = 1; m < row.length; m++) {
            best = row[m] > row[best] ? m : best;
        }
        return best;
    }

    @Test
    void arraysAreTheWeightsThatEvaluationUses() throws IOException {
        SavedModel saved = trained(networks().toList().get(1), TinyRun.dataset(48, 4));
        Path file = folder.resolve("weights.safetensors");
        Export.safetensors(saved, file);
        Map<String, Safetensors.Array> arrays = Safetensors.read(file);
        assertThat(arrays).isEqualTo(saved.weights());
        assertThat(file).hasSameBinaryContentAs(saved.checkpoint().resolve("averaged.safetensors"));
        Path archive = folder.resolve("weights.npz");
        Export.npz(saved, archive);
        try (ZipFile zip = new ZipFile(archive.toFile())) {
            assertThat(zip.size()).isEqualTo(arrays.size());
            for (Map.Entry<String, Safetensors.Array> entry : arrays.entrySet()) {
                byte[] bytes = zip.getInputStream(zip.getEntry(entry.getKey() + ".npy"))
                        .readAllBytes();
                ByteBuffer all = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
                int length = all.getShort(8);
                assertThat((10 + length) % 64).isZero();
                String extents = entry.getValue().shape().toString().replace(" x ", ", ");
                assertThat(new String(bytes, 10, length, StandardCharsets.US_ASCII))
                        .startsWith("{'descr': '<f8', 'fortran_order': False, 'shape': (" + extents
                                + (extents.contains(",") ? ")" : ",)") + ", }")
                        .endsWith(" \n");
                assertThat(all.slice(10 + length, bytes.length - 10 - length))
                        .isEqualTo(entry.getValue().data().duplicate().clear());
            }
        }
    }

    /** What was there before stays, and nothing half-written beside it. */
    @Test
    void whatCannotBeWrittenLeavesWhatWasThere() throws IOException {
        SavedModel saved = trained(networks().toList().get(0), TinyRun.dataset(48, 4));
        SavedModel old = new SavedModel(
                saved.checkpoint(),
                saved.network(),
                saved.settings(),
                null,
                saved.classNames(),
                saved.weights(),
                saved.progress(),
                List.of());
        Path file = folder.resolve("model.onnx");
        Files.writeString(file, "before");
        assertThatThrownBy(() -> Export.onnx(old, file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("did not save how samples are normalized");
        SavedModel wrong = new SavedModel(
                saved.checkpoint(),
                saved.network(),
                saved.settings(),
                saved.input(),
                saved.classNames(),
                Map.of(),
                saved.progress(),
                List.of());
        assertThatThrownBy(() -> Export.onnx(wrong, file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("hidden_layers.0.layer.weight is missing, not 16 x 128");
        assertThatThrownBy(() -> Export.onnx(saved, folder.resolve("nowhere/model.onnx")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("nowhere");
        assertThat(file).hasContent("before");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("run", "model.onnx");
        }
    }
}
