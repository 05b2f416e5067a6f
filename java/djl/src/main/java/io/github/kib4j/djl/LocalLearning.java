package io.github.kib4j.djl;

import ai.djl.Model;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.train.Trainer;
import org.jspecify.annotations.Nullable;

/**
 * A DJL model that learns by a local rule: its blocks as a network of kib4j's, with their weights, and the way back.
 *
 * <pre>{@code
 * LocalLearning learning = LocalLearning.of(model.getBlock(), new Shape(1, 28, 28), new Grouping(16, 0.5, 1, 0));
 * try (Trainer trainer = new Trainer(device, dataset, config(learning.network()))) {
 *     learning.copyTo(trainer);
 *     while (!trainer.isFinished()) {
 *         trainer.trainEpoch(StepListener.NONE);
 *     }
 *     learning.copyFrom(trainer);
 * }
 * }</pre>
 *
 * <p>What maps: sequential blocks of linear layers and convolutions of stride 1 that keep the image's size, each with batch
 * normalization, an activation (identity, ReLU, leaky ReLU of slope 0.01, SELU) and pooling of 2x2 behind it, in this order; flattening;
 * a linear layer with a bias at the end, the readout. Activations and pooling are known by what they make of numbers.
 */
public final class LocalLearning {
    private final BlockMap map;

    private LocalLearning(BlockMap map) {
        this.map = map;
    }

    /**
     * Maps a block.
     *
     * @param block initialized, with weights of 32-bit floats
     * @param input shape of a sample: {@code (D)}, or {@code (C, H, W)}
     * @param grouping of every hidden layer; null for codes that are the activities
     * @return the learning
     * @throws io.github.kib4j.tensor.RefusedException if a block has no counterpart: it says which, and why
     */
    public static LocalLearning of(Block block, Shape input, @Nullable Grouping grouping) {
        return new LocalLearning(BlockMap.of(block, input, grouping));
    }

    /**
     * Maps a model's block.
     *
     * @param model whose block is initialized
     * @param input shape of a sample
     * @param grouping of every hidden layer; null for codes that are the activities
     * @return the learning
     */
    public static LocalLearning of(Model model, Shape input, @Nullable Grouping grouping) {
        return of(model.getBlock(), input, grouping);
    }

    /** {@return the block's network} */
    public NetworkSpec network() {
        return map.network();
    }

    /**
     * Gives a run that has not begun the block's weights and running statistics.
     *
     * @param trainer of the network
     */
    public void copyTo(Trainer trainer) {
        map.copy(trainer.network(), true);
    }

    /**
     * Gives the block a run's weights and running statistics.
     *
     * @param trainer of the network
     */
    public void copyFrom(Trainer trainer) {
        map.copy(trainer.network(), false);
    }
}
