package io.github.kib4j.experiment.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.files.DurableFiles;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A headless Chromium with one page, driven by its debugging protocol. */
final class Browser implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on (ws://\\S+)");
    /** After which a browser is taken for dead. */
    private static final int LIMIT_SECONDS = 120;

    private final Path profile;
    private final Process process;
    private final WebSocket socket;
    private final String session;
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final List<String> errors = Collections.synchronizedList(new ArrayList<>());
    private CompletableFuture<Void> loaded = new CompletableFuture<>();
    private int commands;

    /** Returns where Chromium is; empty where it is not installed. */
    static Optional<Path> find() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    Browser(Path program) throws IOException {
        profile = Files.createTempDirectory("browser");
        process = new ProcessBuilder(
                        program.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--disable-dev-shm-usage",
                        "--user-data-dir=" + profile,
                        "--remote-debugging-port=0",
                        "about:blank")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(address(process.errorReader(StandardCharsets.UTF_8)), new Messages())
                    .join();
            String target = send("Target.createTarget", null, "url", "about:blank")
                    .get("targetId")
                    .asText();
            session = send("Target.attachToTarget", null, "targetId", target, "flatten", true)
                    .get("sessionId")
                    .asText();
            command("Page.enable");
            command("Runtime.enable");
            command("Log.enable");
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** Reads what the browser says until it says where it listens, and lets a thread read the rest. */
    private static URI address(BufferedReader says) throws IOException {
        List<String> said = new ArrayList<>();
        for (String line = says.readLine(); line != null; line = says.readLine()) {
            said.add(line);
            Matcher listening = LISTENING.matcher(line);
            if (listening.find()) {
                Thread rest = new Thread(() -> says.lines().forEach(more -> {}));
                rest.setDaemon(true);
                rest.start();
                return URI.create(listening.group(1));
            }
        }
        throw new IOException("The browser did not start: " + said);
    }

    private final class Messages implements WebSocket.Listener {
        private final StringBuilder parts = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            parts.append(part);
            if (last) {
                take(parts.toString());
                parts.setLength(0);
            }
            from.request(1);
            return null;
        }

        private void take(String text) {
            try {
                JsonNode message = JSON.readTree(text);
                if (message.has("id")) {
                    answers.remove(message.get("id").asInt()).complete(message);
                    return;
                }
                JsonNode parameters = message.path("params");
                switch (message.path("method").asText()) {
                    case "Page.loadEventFired" -> loaded.complete(null);
                    case "Runtime.exceptionThrown" -> errors.add(parameters.toString());
                    case "Runtime.consoleAPICalled" -> errors.add(parameters.toString());
                    case "Log.entryAdded" -> errors.add(parameters.toString());
                    default -> {}
                }
            } catch (IOException e) {
                errors.add(e.toString());
            }
        }
    }

    private JsonNode command(String method, Object... parameters) {
        return send(method, session, parameters);
    }

    private JsonNode send(String method, String to, Object... parameters) {
        ObjectNode message = JSON.createObjectNode().put("id", ++commands).put("method", method);
        if (to != null) {
            message.put("sessionId", to);
        }
        ObjectNode all = message.putObject("params");
        for (int i = 0; i < parameters.length; i += 2) {
            all.set((String) parameters[i], JSON.valueToTree(parameters[i + 1]));
        }
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(commands, answer);
        socket.sendText(message.toString(), true).join();
        JsonNode answered = answer.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
        if (answered.has("error")) {
            throw new IllegalStateException(method + ": " + answered.get("error"));
        }
        return answered.get("result");
    }

    /** Opens a file, and waits until it is there with all that it is made of. */
    void open(Path file) {
        loaded = new CompletableFuture<>();
        command("Page.navigate", "url", file.toUri().toString());
        loaded.orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
    }

    /** Gives the page a window of this size. */
    void resize(int width, int height) {
        command(
                "Emulation.setDeviceMetricsOverride",
                "width",
                width,
                "height",
                height,
                "deviceScaleFactor",
                1,
                "mobile",
                false);
    }

    /** Makes the system dark, or light. */
    void setDark(boolean dark) {
        command(
                "Emulation.setEmulatedMedia",
                "features",
                List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light")));
    }

    /** Returns what an expression of JavaScript comes to. */
    JsonNode evaluate(String expression) {
        JsonNode result =
                command("Runtime.evaluate", "expression", expression, "returnByValue", true, "awaitPromise", true);
        if (result.has("exceptionDetails")) {
            throw new IllegalStateException(expression + ": " + result.get("exceptionDetails"));
        }
        return result.get("result").path("value");
    }

    /** Presses a key and lets it go. */
    void press(String key) {
        command(
                "Input.dispatchKeyEvent",
                "type",
                "keyDown",
                "key",
                key,
                "code",
                key,
                "windowsVirtualKeyCode",
                code(key));
        command("Input.dispatchKeyEvent", "type", "keyUp", "key", key, "code", key, "windowsVirtualKeyCode", code(key));
    }

    private static int code(String key) {
        return switch (key) {
            case "Tab" -> 9;
            case "ArrowLeft" -> 37;
            case "ArrowRight" -> 39;
            default -> throw new IllegalArgumentException(key);
        };
    }

    /** Returns the page from its top to {@code height}, as a PNG file. */
    byte[] screenshot(int width, int top, int height) {
        Map<String, Integer> clip = Map.of("x", 0, "y", top, "width", width, "height", height, "scale", 1);
        String data = command("Page.captureScreenshot", "captureBeyondViewport", true, "clip", clip)
                .get("data")
                .asText();
        return Base64.getDecoder().decode(data);
    }

    /** Returns what the page has complained of: exceptions, and whatever it wrote to the console. */
    List<String> errors() {
        return List.copyOf(errors);
    }

    @Override
    public void close() throws IOException {
        socket.abort();
        List<ProcessHandle> helpers = process.descendants().toList(); // they write into the profile, too
        process.destroy();
        try {
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            for (ProcessHandle helper : helpers) {
                helper.destroyForcibly();
                helper.onExit().get(LIMIT_SECONDS, TimeUnit.SECONDS);
            }
            DurableFiles.delete(profile);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("A process of the browser's does not end.", e);
        }
    }
}
