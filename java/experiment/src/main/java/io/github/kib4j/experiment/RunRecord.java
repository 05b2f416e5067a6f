package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.op.Decisions;
import io.github.kib4j.train.TrainingDivergedException;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A run's {@code run.json}: how it was begun and on what, its state, each session that worked on it, and at last what came of
 * it. It is there from the start, whole at every moment, and kept over a resume.
 */
final class RunRecord {
    /** What a session says of itself, out of what is known of the run. */
    private static final List<String> OF_A_SESSION =
            List.of("command", "version", "commit", "java", "host", "processor", "processors", "device", "threads");

    private static final ObjectMapper JSON = new ObjectMapper();

    /** States of a run, and of a session; one that was killed stays running. */
    private static final String RUNNING = "running";

    private static final String FINISHED = "finished";

    /** Where a run's numbers were no longer finite: beginning it again would end there too. */
    static final String DIVERGED = "diverged";

    private final RunFolder folder;
    private final ObjectNode about;
    private final ObjectNode session;
    private @Nullable ObjectNode record;

    /**
     * Prepares a record.
     *
     * @param about how the run is begun, if this is its beginning; of it, what says how and where this session works
     */
    RunRecord(RunFolder folder, ObjectNode about) {
        this(folder, about, about);
    }

    private RunRecord(RunFolder folder, ObjectNode about, ObjectNode session) {
        this.folder = folder;
        this.about = about;
        this.session = session;
    }

    /** Returns the record of a rule's run that is part of this one, and was begun by the same command. */
    RunRecord ofRule(RunFolder own, String rule) throws IOException {
        ObjectNode begun = about.deepCopy().put("rule", rule);
        ObjectNode known = folder.readRun();
        if (known != null && known.has("command")) {
            begun.set("command", known.get("command"));
        }
        return new RunRecord(own, begun, session);
    }

    /** Returns this moment, to the second. */
    static String now() {
        return OffsetDateTime.now().truncatedTo(ChronoUnit.SECONDS).format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
    }

    /** Returns what a record says but its sessions. */
    static ObjectNode withoutSessions(ObjectNode record) {
        ObjectNode rest = record.deepCopy();
        rest.remove("sessions");
        return rest;
    }

    /** Returns the preset of a record; null if it names none. */
    static @Nullable String preset(@Nullable ObjectNode record) {
        return record == null ? null : record.path("preset").asText(null);
    }

    /** Returns whether a record is of a run that has its results; records of versions without states had them too. */
    static boolean isFinished(@Nullable ObjectNode record) {
        return record != null && record.path("state").asText(FINISHED).equals(FINISHED);
    }

    /** Writes the record of a run that begins. */
    void begin() throws IOException {
        ObjectNode begun = JSON.createObjectNode().put("state", RUNNING);
        begun.setAll(about);
        begun.put("started", now());
        addSession(begun);
    }

    /** Writes that a run goes on. What an earlier end has left in the record goes; what is known of the beginning stays. */
    void resume() throws IOException {
        ObjectNode before = folder.readRun();
        if (before == null) {
            begin();
            return;
        }
        ObjectNode going = JSON.createObjectNode().put("state", RUNNING);
        about.fieldNames()
                .forEachRemaining(name -> going.set(name, before.has(name) ? before.get(name) : about.get(name)));
        if (before.has("started")) {
            going.set("started", before.get("started"));
        }
        going.set("sessions", before.path("sessions").isArray() ? before.get("sessions") : JSON.createArrayNode());
        addSession(going);
    }

    private void addSession(ObjectNode to) throws IOException {
        ArrayNode sessions = to.path("sessions") instanceof ArrayNode known ? known : to.putArray("sessions");
        ObjectNode begun = sessions.addObject().put("state", RUNNING).put("started", now());
        OF_A_SESSION.stream().filter(session::has).forEach(name -> begun.set(name, session.get(name)));
        record = to;
        folder.writeRun(to);
    }

    /** Writes what the device of this session has decided; nothing where that is nothing. */
    void decide(Decisions decisions) throws IOException {
        if (record != null && !decisions.made().isEmpty()) {
            ArrayNode lines = lastSession(record).putArray("decisions");
            decisions.made().forEach(decision -> lines.add(decision.toString()));
            folder.writeRun(record);
        }
    }

    /** Returns whether a session was begun by this object. */
    boolean isOpen() {
        return record != null;
    }

    /** Writes that a signal ended this session, if one was begun. */
    void stop() throws IOException {
        if (record != null) {
            end("interrupted");
        }
    }

    /** Writes that the run is finished. */
    void finish() throws IOException {
        end(FINISHED);
    }

    /** Writes that the run is finished, and what came of it. */
    ObjectNode finish(ObjectNode results) throws IOException {
        Objects.requireNonNull(record, "no session was begun").setAll(results);
        return end(FINISHED);
    }

    /** Writes what made this session fail, where that is still possible. */
    void fail(Throwable failure) {
        try {
            if (record != null) {
                String message = failure.getMessage();
                lastSession(record).put("error", message != null ? message : failure.toString());
                if (failure instanceof TrainingDivergedException diverged) {
                    record.putObject(DIVERGED).put("step", diverged.step()).put("place", diverged.place());
                }
                end("failed");
            }
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    private ObjectNode end(String state) throws IOException {
        ObjectNode ended = Objects.requireNonNull(record, "no session was begun");
        lastSession(ended).put("state", state).put("ended", now());
        ended.put("state", state).put("ended", now());
        folder.writeRun(ended);
        return ended;
    }

    private static ObjectNode lastSession(ObjectNode record) {
        JsonNode sessions = record.get("sessions");
        return (ObjectNode) sessions.get(sessions.size() - 1);
    }
}
