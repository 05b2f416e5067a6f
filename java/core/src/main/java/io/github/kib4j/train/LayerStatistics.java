package io.github.kib4j.train;

import java.util.List;

/**
 * What hidden layers make of test images: running statistics, no dropout, no augmentation (docs/mathematics.md, section 9).
 *
 * @param images that were looked at
 * @param layers first to last
 * @param cka linear CKA of each layer's activities with each other's: symmetric, from 0 to 1
 */
public record LayerStatistics(int images, List<OfLayer> layers, List<List<Double>> cka) {
    /**
     * Copies the lists.
     *
     * @param images that were looked at
     * @param layers first to last
     * @param cka of each layer with each other
     */
    public LayerStatistics {
        layers = List.copyOf(layers);
        cka = cka.stream().map(List::copyOf).toList();
    }

    /**
     * One layer's. A dependence is of codes as the rule's objective sees them, with its kernels; of a rule without, of the cosines
     * of what is sent on. Numbers are NaN only where activities are not finite.
     *
     * @param phsicCodes {@code pHSIC(K, K)}
     * @param phsicLabels {@code pHSIC(L, K)}
     * @param hsicCodes {@code HSIC(K, K)}
     * @param hsicLabels {@code HSIC(L, K)}
     * @param ckaLabels linear CKA of the activities with the labels, from 0 to 1; 0 where activities are the same of all images
     * @param weightNorm Euclidean norm of the weights, without biases
     * @param activityNorm mean over images of the Euclidean norm of the activity {@code z}
     * @param units of a linear layer, or channels
     * @param dead units whose {@code z} is the same number in all images, and at all positions
     * @param silent units whose {@code z} is nowhere above 0; with ReLU they are dead as well
     */
    public record OfLayer(
            double phsicCodes,
            double phsicLabels,
            double hsicCodes,
            double hsicLabels,
            double ckaLabels,
            double weightNorm,
            double activityNorm,
            int units,
            int dead,
            int silent) {}
}
