package io.github.kib4j.bench.operations;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.bench.Output;
import io.github.kib4j.bench.Spread;
import io.github.kib4j.bench.products.OneDnn;
import io.github.kib4j.testkit.SpeedLimit;
import java.util.List;
import java.util.Locale;

/** What a run of the operations' benchmark says, as Markdown and as JSON. */
record OperationsReport(OperationResults results, int threads, int rounds, int milliseconds, Output output) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    String markdown() {
        StringBuilder text = new StringBuilder("# Single operations\n\n");
        text.append(output.header())
                .append(String.format(Locale.ROOT, "%n%s, %d threads; JMH 1.37.", version(), threads))
                .append(String.format(
                        Locale.ROOT,
                        " %d rounds; in each, every task in a JVM of its own, an operation right before its bound, 3 iterations"
                                + " of %d ms after one that warms up. Figures are medians (least to greatest) of the rounds;"
                                + " ratios are taken within a round.%n",
                        rounds,
                        milliseconds));
        List<Double> bandwidths = results.bandwidths();
        if (!bandwidths.isEmpty()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%nMemory bandwidth (the faster of triad and copy): %s GB/s.%n",
                    Spread.of(bandwidths.stream().map(b -> b * 1e-3).toList()).text(1)));
        }
        text.append("\n| operation | type | microseconds | rate | bound, microseconds | of the bound | bound by |\n"
                + "|---|---|---|---|---|---|---|\n");
        results.measured().forEach(row -> appendRow(text, row));
        results.failures()
                .forEach(
                        (task, why) -> text.append(String.format(Locale.ROOT, "%nNot measured: %s: %s.%n", task, why)));
        return text.toString();
    }

    private static String version() {
        try (OneDnn oneDnn = new OneDnn()) {
            return oneDnn.description();
        }
    }

    private void appendRow(StringBuilder text, OperationResults.Row row) {
        Spread time = Spread.of(results.of(row.task()));
        List<Double> bounds = results.bounds(row);
        text.append(String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s | %s | %s |%n",
                row.operation().name(),
                row.type().name().toLowerCase(Locale.ROOT),
                time.text(1),
                rate(row, time.median()),
                bounds.isEmpty() ? "" : Spread.of(bounds).text(1),
                results.ofBound(row).map(ratio -> ratio.text(2)).orElse(""),
                boundBy(row)));
    }

    private static String rate(OperationResults.Row row, double microseconds) {
        return row.operation().limit() instanceof SpeedLimit.Products products
                ? String.format(Locale.ROOT, "%,.0f GFLOP/s", products.operations() / microseconds * 1e-3)
                : String.format(Locale.ROOT, "%,.1f GB/s", bytes(row) / microseconds * 1e-3);
    }

    private static long bytes(OperationResults.Row row) {
        return ((SpeedLimit.Memory) row.operation().limit()).bytes().applyAsLong(row.type());
    }

    private static String boundBy(OperationResults.Row row) {
        return row.operation().limit() instanceof SpeedLimit.Products
                ? "oneDNN"
                : String.format(Locale.ROOT, "memory, %,.1f MB", bytes(row) * 1e-6);
    }

    ObjectNode json() {
        ObjectNode root = output.json();
        root.put("onednn", version()).put("threads", threads).put("rounds", rounds);
        root.put("milliseconds_per_iteration", milliseconds);
        root.set("memory_bytes_per_microsecond", MAPPER.valueToTree(results.bandwidths()));
        ArrayNode list = root.putArray("operations");
        for (OperationResults.Row row : results.measured()) {
            ObjectNode node = list.addObject();
            node.put("operation", row.operation().name()).put("type", row.type().name());
            node.put("bound_by", boundBy(row));
            node.set("microseconds", MAPPER.valueToTree(results.of(row.task())));
            node.set("spread", MAPPER.valueToTree(Spread.of(results.of(row.task()))));
            node.set("bound_microseconds", MAPPER.valueToTree(results.bounds(row)));
            results.ofBound(row).ifPresent(ratio -> node.set("of_the_bound", MAPPER.valueToTree(ratio)));
        }
        root.set("failures", MAPPER.valueToTree(results.failures()));
        return root;
    }
}
