package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/** Named settings: {@code quickstart}, and the paper's runs. */
public final class Presets {
    /** The preset that is trained where nothing else is asked for. */
    public static final String QUICKSTART = "quickstart";

    private static final JsonNode PAPER = read();

    private final Map<String, Settings> presets = new LinkedHashMap<>();
    private final Map<String, Double> paperAccuracies = new LinkedHashMap<>();

    /** Makes all of them. */
    public Presets() {
        presets.put(QUICKSTART, quickstart());
        for (JsonNode run : PAPER.get("runs")) {
            presets.put(name(run), settings(PAPER, run));
            paperAccuracies.put(name(run), run.get("paper_accuracy").asDouble());
        }
    }

    private static JsonNode read() {
        try (InputStream in = Presets.class.getResourceAsStream("paper-runs.json")) {
            return new ObjectMapper().readTree(Objects.requireNonNull(in));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the names of all presets} */
    public List<String> names() {
        return List.copyOf(presets.keySet());
    }

    /**
     * Returns a preset.
     *
     * @param name of the preset, in any case
     * @return its settings
     * @throws UsageException if there is none of this name; it lists the nearest ones
     */
    public Settings get(String name) {
        return Objects.requireNonNull(presets.get(named(name)));
    }

    /**
     * Returns a preset's name.
     *
     * @param name of the preset, in any case
     * @return the name as it is listed
     * @throws UsageException if there is none of this name; it lists the nearest ones
     */
    public String named(String name) {
        return Words.same(name, presets.keySet())
                .orElseThrow(() -> new UsageException("There is no preset '" + name + "'; near it are: "
                        + String.join(", ", Words.nearByWords(name, presets.keySet(), 4))
                        + " ('" + Invocation.of("presets") + "' lists all)."));
    }

    /**
     * Returns what the paper reports.
     *
     * @param name of the preset, as it is listed
     * @return the mean test accuracy in percent; NaN where there is none
     */
    public double paperAccuracy(String name) {
        return paperAccuracies.getOrDefault(name, Double.NaN);
    }

    /**
     * Returns a preset as a configuration file.
     *
     * @param name of the preset
     * @return what it sets that has an effect
     * @throws UsageException if there is none of this name
     */
    public String toToml(String name) {
        Settings settings = get(name);
        Effects effects = new Effects(settings);
        double paper = paperAccuracy(name);
        String reported = Double.isNaN(paper) ? "" : "; the paper reports " + paper + " % of test images";
        return settings.toToml(
                "# Preset " + name + reported + ".\n",
                key -> settings.isSet(key) && !effects.isUnread(key) && effects.whyNone(key) == null);
    }

    private static Settings quickstart() {
        return new Settings()
                .set(Key.DATASET, "shapes")
                .set(Key.MODEL, "vgg")
                .set(Key.CHANNELS, "64,128,128")
                .set(Key.POOL_AFTER, "1,2,3")
                .set(Key.LINEAR, "256")
                .set(Key.RULE, "phsic,readout,backprop")
                .set(Key.KERNEL, "cosine")
                .set(Key.GROUPS, "32")
                .set(Key.POWER, "0.5")
                .set(Key.CENTRE_CODES, "true")
                .set(Key.BATCH_NORM, "true")
                .set(Key.OPTIMIZER, "adamw")
                .set(Key.LR_LOCAL, "0.006")
                .set(Key.LR_READOUT, "0.004")
                .set(Key.SCHEDULE, "one-cycle")
                .set(Key.EPOCHS, "8")
                .set(Key.BATCH, "128");
    }

    private static String name(JsonNode run) {
        StringJoiner name = new StringJoiner("-");
        name.add(run.get("table").asText()).add(run.get("dataset").asText());
        if (run.has("width")) {
            name.add(run.get("width").asText() + "x")
                    .add(run.get("optimizer").asText().toLowerCase(java.util.Locale.ROOT));
        }
        name.add(
                run.has("kernel") ? run.get("kernel").asText() : run.get("rule").asText());
        if (run.get("grouping").asBoolean()) {
            name.add("grp");
        }
        if (run.get("divisive_norm").asBoolean()) {
            name.add("div");
        }
        return name.toString();
    }

    private static Settings settings(JsonNode paper, JsonNode run) {
        JsonNode common = paper.get("common");
        boolean mlp = run.get("table").asText().equals("mlp");
        boolean grouping = run.get("grouping").asBoolean();
        boolean divisive = run.get("divisive_norm").asBoolean();
        Settings s = new Settings();
        s.set(Key.DATASET, run.get("dataset").asText())
                .set(Key.RULE, run.get("rule").asText());
        s.set(Key.LABEL_KERNEL, common.get("label_kernel").asText());
        s.set(Key.GAMMA, common.get("gamma").asText())
                .set(Key.SIGMA, common.get("sigma").asText());
        s.set(Key.DELTA, common.get("delta").asText())
                .set(Key.LR_DECAY, common.get("lr_decay").asText());
        s.set(Key.DIVISIVE_POWER, common.get("divisive_norm_power").asText());
        s.set(
                Key.POWER,
                common.get("grouping_power")
                        .get(divisive ? "with divisive norm" : "grouping only")
                        .asText());
        s.set(Key.DIVISIVE_NORM, Boolean.toString(divisive)).set(Key.CENTRE_CODES, Boolean.toString(grouping));
        s.set(Key.GROUPS, grouping || divisive ? run.get("groups").asText() : "0");
        if (run.has("kernel")) {
            s.set(Key.KERNEL, run.get("kernel").asText());
        }
        if (run.has("lr_local")) {
            s.set(Key.LR_LOCAL, run.get("lr_local").asText());
        }
        s.set(Key.LR_READOUT, run.get("lr_readout").asText());
        return mlp ? mlp(s, paper.get("mlp")) : vgg(s, paper.get("vgg"), run);
    }

    private static Settings mlp(Settings s, JsonNode mlp) {
        s.set(Key.MODEL, "mlp")
                .set(Key.LAYERS, list(mlp.get("layers")))
                .set(Key.MILESTONES, list(mlp.get("milestones")));
        s.set(Key.MOMENTUM, mlp.get("momentum").asText()).set(Key.OPTIMIZER, "sgd");
        return shared(s, mlp, mlp);
    }

    private static Settings vgg(Settings s, JsonNode vgg, JsonNode run) {
        JsonNode style = vgg.get(run.get("optimizer").asText());
        s.set(Key.MODEL, "vgg")
                .set(Key.CHANNELS, list(vgg.get("channels")))
                .set(Key.POOL_AFTER, list(vgg.get("pool_after")));
        s.set(Key.LINEAR, vgg.get("fc").get(0).asText())
                .set(Key.WIDTH, run.get("width").asText());
        s.set(Key.MILESTONES, list(run.get("milestones")))
                .set(Key.OPTIMIZER, run.get("optimizer").asText());
        s.set(Key.BATCH_NORM, style.get("batch_norm").asText());
        if (style.has("momentum")) {
            s.set(Key.MOMENTUM, style.get("momentum").asText());
        }
        return shared(s, vgg, style);
    }

    private static Settings shared(Settings s, JsonNode table, JsonNode style) {
        s.set(Key.EPOCHS, table.get("epochs").asText())
                .set(Key.BATCH, table.get("batch").asText());
        s.set(Key.ACTIVATION, style.get("activation").asText().equals("selu") ? "selu" : "leaky-relu");
        s.set(Key.DROPOUT, style.get("dropout").asText());
        s.set(Key.WEIGHT_DECAY_LOCAL, table.get("weight_decay_local").asText());
        return s.set(Key.WEIGHT_DECAY_READOUT, table.get("weight_decay_readout").asText());
    }

    private static String list(JsonNode numbers) {
        StringJoiner joined = new StringJoiner(",");
        numbers.forEach(number -> joined.add(number.asText()));
        return joined.toString();
    }
}
