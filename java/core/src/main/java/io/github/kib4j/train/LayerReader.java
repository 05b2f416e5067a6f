package io.github.kib4j.train;

import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.ReadoutOps;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Shows images to a network, without dropout and with running statistics, and hands on what its hidden layers make of them. It has
 * memory of its own and changes nothing of the network.
 */
final class LayerReader {
    /** What is left of an image's activity, at most, by averages over windows (docs/mathematics.md, equation 7.5). */
    static final int FEATURES = 2048;

    /** Of which images are chosen: in every run the same. */
    private static final long SEED = 0;

    /** Images at once: fewer than in most trainings, so that their memory holds them. */
    private static final int BATCH = 64;

    private final int images;
    private final int batch;
    private final Clock clock;
    private final Tensor labels;
    private final Program program;
    private final List<Layer> layers = new ArrayList<>();

    /** Takes what a layer makes of images. */
    interface Taker {
        /**
         * Takes a batch's numbers of one layer.
         *
         * @param first of the images, counted from 0
         * @param count of images; arrays may have more, of no meaning
         * @param labels of the images
         */
        void take(int layer, int first, int count, int[] labels, Layer numbers);
    }

    /**
     * A layer's numbers of a batch, on the device.
     *
     * @param activity {@code z [B, ...]}
     * @param code {@code u [B, G]}, or {@code z} without grouping
     * @param features what the next layer reads {@code [B, ...]}, of an image averages over windows
     */
    record Layer(Tensor activity, Tensor code, Tensor features) {}

    /**
     * Plans it.
     *
     * @param from images of which some are shown
     * @param most of them are shown, chosen at random, since they may be sorted, and always the same
     */
    LayerReader(
            Device device,
            Scope scope,
            Network network,
            DeviceDataset.Images from,
            BatchOps.Spec preparation,
            int most) {
        images = Math.min(most, from.count());
        batch = Math.min(BATCH, images);
        clock = Clock.allocate(scope);
        int padded = (images + batch - 1) / batch * batch;
        Tensor order = scope.allocate(DataType.I32, Shape.of(padded));
        int[] chosen = Order.ofEpoch(from.count(), 1, SEED, 0);
        order.write(IntStream.range(0, padded)
                .map(i -> chosen[Math.min(i, images - 1)])
                .toArray());
        Workspace workspace = device.newWorkspace(scope);
        Tensor x = workspace.tensor(
                network.precision().activations(), network.spec().input().prepend(batch));
        labels = workspace.keep(workspace.tensor(DataType.I32, Shape.of(batch)));
        List<Step> steps = new ArrayList<>();
        steps.add(Step.main(
                Phase.DATA, device.batch().images(x, labels, from.pixels(), from.labels(), order, preparation, clock)));
        List<LayerPass> passes = network.passes(x, workspace, LayerPass.Use.INFERENCE_WITH_ACTIVITY, null);
        for (int i = 0; i < passes.size(); i++) {
            LayerPass pass = passes.get(i);
            pass.forward().forEach(operation -> steps.add(Step.main(Phase.FORWARD, operation)));
            Shape shape = pooled(network.hidden().get(i));
            Tensor features = pass.sent();
            if (!shape.prepend(batch).equals(features.shape())) {
                features = workspace.tensor(x.type(), shape.prepend(batch));
                steps.add(Step.main(Phase.FORWARD, device.readout().averagePool(features, pass.sent())));
            }
            layers.add(new Layer(
                    workspace.keep(pass.activity()), workspace.keep(pass.groupedCode()), workspace.keep(features)));
        }
        steps.add(Step.main(Phase.DATA, device.random().advance(clock, batch)));
        program = device.compile(workspace, steps);
    }

    private static Shape pooled(HiddenLayer layer) {
        Shape activity = layer.activity();
        return ReadoutOps.pooled("A probe", activity, Math.max(FEATURES, activity.extent(0)));
    }

    /** Returns how many images are shown. */
    int images() {
        return images;
    }

    /** Returns the entries of a layer's code. */
    int codeWidth(int layer) {
        return layers.get(layer).code().shape().rowSize();
    }

    /** Returns the features of a layer that are read. */
    int featureWidth(int layer) {
        return layers.get(layer).features().shape().rowSize();
    }

    /** Shows all images, in batches. */
    void read(Taker taker) {
        clock.now().write(new long[Clock.SIZE]);
        clock.fault().write(new long[2]);
        for (int first = 0; first < images; first += batch) {
            program.run();
            int count = Math.min(batch, images - first);
            int[] shown = labels.readInts();
            for (int i = 0; i < layers.size(); i++) {
                taker.take(i, first, count, shown, layers.get(i));
            }
        }
    }
}
