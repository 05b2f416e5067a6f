package io.github.kib4j.train;

/** Told of each batch of an evaluation. */
@FunctionalInterface
public interface EvaluationListener {
    /**
     * Called before each batch.
     *
     * @param done images evaluated so far
     * @param images to be evaluated in all
     * @return whether to go on; false stops the evaluation
     */
    boolean onImages(int done, int images);
}
