package io.github.kib4j.bench.gpu;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Which steps are timed, in the order of their worth: what time does not allow is left out from the end. */
final class StepRows {
    private static final String PHSIC = "cosine-grp-div";
    private static final String BACKPROP = "backprop";
    /** Where the Gram matrix of a batch would be larger than what it is made of. */
    private static final int GRAM_FREE = 8192;

    private final Set<StepRow> rows = new LinkedHashSet<>();
    private final List<Integer> batches;
    private final boolean synchronous;

    private StepRows(List<Integer> batches, boolean synchronous) {
        this.batches = batches;
        this.synchronous = synchronous;
    }

    /**
     * Returns the rows of a device.
     *
     * @param synchronous whether it computes on the calling thread, so that a step is run in one way only
     */
    static List<StepRow> of(boolean synchronous) {
        StepRows rows = new StepRows(List.of(128, 512, 2048), synchronous);
        rows.fill();
        rows.add("vgg", PHSIC, "bf16", Mode.GRAPH, GRAM_FREE);
        rows.add("mlp", PHSIC, "f32", Mode.GRAPH, GRAM_FREE);
        rows.fillRest();
        return List.copyOf(rows.rows);
    }

    /** Returns few and small rows, of every kind. */
    static List<StepRow> small(boolean synchronous) {
        StepRows rows = new StepRows(List.of(4), synchronous);
        rows.fill();
        return List.copyOf(rows.rows);
    }

    private void add(String net, String rule, String precision, Mode mode, Integer... sizes) {
        for (int batch : sizes) {
            rows.add(new StepRow(net, rule, precision, synchronous ? Mode.PLAIN : mode, batch));
        }
    }

    private void fill() {
        Integer[] all = batches.toArray(new Integer[0]);
        Integer first = all[0];
        Integer paper = 2 * first; // the MLP's batch
        add("vgg", PHSIC, "bf16", Mode.GRAPH, all);
        add("vgg", BACKPROP, "bf16", Mode.GRAPH, all);
        add("mlp", PHSIC, "f32", Mode.GRAPH, paper);
        add("mlp", BACKPROP, "f32", Mode.GRAPH, paper);
        for (Mode mode : List.of(Mode.PLAIN, Mode.ONE_LANE)) {
            add("vgg", PHSIC, "bf16", mode, first);
            add("mlp", PHSIC, "f32", mode, paper);
        }
        add("vgg", PHSIC, "tf32", Mode.GRAPH, first);
        add("vgg", BACKPROP, "tf32", Mode.GRAPH, first);
        add("mlp", PHSIC, "bf16", Mode.GRAPH, paper);
        add("mlp", BACKPROP, "bf16", Mode.GRAPH, paper);
        StepRow.RULES.forEach(rule -> add("vgg", rule, "bf16", Mode.GRAPH, first));
        add("vgg", PHSIC, "f32", Mode.GRAPH, first);
        add("vgg", BACKPROP, "f32", Mode.GRAPH, first);
    }

    /** Every network, rule, precision and batch that is not there yet. */
    private void fillRest() {
        List<String> rules = new ArrayList<>(StepRow.RULES);
        for (String precision : List.of("bf16", "tf32", "f32")) {
            for (String net : List.of("vgg", "mlp")) {
                for (int batch : batches) {
                    rules.forEach(rule -> add(net, rule, precision, Mode.GRAPH, batch));
                }
            }
        }
    }
}
