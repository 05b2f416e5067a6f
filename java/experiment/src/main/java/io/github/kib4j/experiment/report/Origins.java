package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.Settings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How runs were made: settings and machine, folded away, and the settings in which they differ.
 *
 * @param shown the runs
 */
record Origins(List<Shown> shown) {
    Section section() {
        List<Markup> content = new ArrayList<>(List.of(differences()));
        for (Shown one : shown) {
            String config = one.run().config();
            content.add(Markup.of(
                    "<details><summary>{} <span>{}</span></summary>\n{}{}</details>\n",
                    Rules.name(one),
                    one.run().folder(),
                    environment(one.run()),
                    config.isEmpty()
                            ? Markup.NONE
                            : Markup.of("<h4>config.toml</h4>\n<pre tabindex=\"0\">{}</pre>\n", config)));
        }
        return new Section("settings", "Settings and machine", Markup.all(content));
    }

    private Markup differences() {
        Map<Shown, Settings> known = new LinkedHashMap<>();
        for (Shown one : shown) {
            Settings settings = one.run().settings();
            if (settings != null) {
                known.put(one, settings);
            }
        }
        List<Key> different = Stream.of(Key.values())
                .filter(key -> key != Key.RULE)
                .filter(key -> known.values().stream()
                                .map(settings -> settings.text(key))
                                .distinct()
                                .count()
                        > 1)
                .toList();
        if (different.isEmpty()) {
            return Markup.NONE;
        }
        Table table = new Table("Settings that differ", "", "Settings in which the runs differ").text("run");
        different.forEach(key -> table.text(key.title()));
        known.forEach((one, settings) -> {
            List<Object> row = new ArrayList<>(List.of(Rules.name(one)));
            different.forEach(key -> row.add(settings.text(key)));
            table.row(row);
        });
        return table.html();
    }

    private static Markup environment(ReportedRun run) {
        JsonNode sessions = run.record().path("sessions");
        JsonNode last = sessions.path(sessions.size() - 1);
        JsonNode images = run.record().path("data");
        Map<String, JsonNode> facts = new LinkedHashMap<>();
        for (String name : List.of("command", "preset", "seed", "precision")) {
            facts.put(name, run.record().path(name));
        }
        for (String name : List.of("device", "threads", "processor", "host", "java", "version", "commit")) {
            facts.put(name, last.path(name));
        }
        facts.put("started", run.record().path("started"));
        facts.put("ended", run.record().path("ended"));
        facts.put("training images", images.path("train_images"));
        facts.put("test images", images.path("test_images"));
        facts.put("checksum of the data", images.path("checksum"));
        List<Markup> rows = new ArrayList<>();
        facts.forEach((name, value) -> {
            if (value.isValueNode() && !value.isNull() && !value.asText().isEmpty()) {
                rows.add(Markup.of("<div><dt>{}</dt><dd>{}</dd></div>\n", name, value.asText()));
            }
        });
        return rows.isEmpty() ? Markup.NONE : Markup.of("<dl>\n{}</dl>\n", rows);
    }
}
