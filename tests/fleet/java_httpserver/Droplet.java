// A right droplet in Java 17, in one file and without any package: com.sun.net.httpserver serves,
// java.net.http asks. Legal differences: its client offers HTTP/2 with every first request, a
// timestamp has as many digits of a second as the clock gave (none, three, six or nine), and a
// message's scalars are coerced as Jackson coerces them (5 is taken for "5").
//
// Run: java Droplet.java [PORT]

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

public final class Droplet {
    static final String VERSION = "2.0.1";
    static final int LARGEST = 1 << 20;
    static final long BORN = System.nanoTime();

    public static void main(String[] arguments) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("jdk.httpclient.keepalive.timeout", "5");
        Settings settings = Settings.read(System.getenv(), arguments);
        Log log = new Log(settings);
        Registry registry = new Registry(settings, log);
        Traffic traffic = new Traffic();
        Keys keys = new Keys(registry, log);
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", settings.port), 128);
        server.createContext("/", new Service(settings, log, registry, keys, traffic)::serve);
        server.setExecutor(Executors.newFixedThreadPool(24, Droplet::daemon));
        server.start();
        log.info("listening", Map.of("port", settings.port));
        Thread heart = daemon(new Heart(settings, log, registry, traffic)::beatForEver);
        heart.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            log.info("stopping", Map.of());
            Runtime.getRuntime().halt(0);
        }));
        Thread.currentThread().join();
    }

    static Thread daemon(Runnable work) {
        Thread thread = new Thread(work);
        thread.setDaemon(true);
        return thread;
    }

    static void sleep(double seconds) {
        try {
            Thread.sleep(Math.max(0, (long) (seconds * 1000)));
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    static double clock() {
        return System.nanoTime() / 1e9;
    }

    // ------------------------------------------------------------ settings and log

    record Settings(String registry, String orchestrator, String name, int number, int port, String mode, int level) {
        static final List<String> LEVELS = List.of("DEBUG", "INFO", "WARNING", "ERROR");

        static Settings read(Map<String, String> given, String[] arguments) {
            String port = arguments.length > 0 ? arguments[0] : given.get("SERVICE_PORT");
            String name = given.getOrDefault("SERVICE_NAME", "").strip();
            int level = LEVELS.indexOf(given.getOrDefault("LOG_LEVEL", "INFO").toUpperCase(Locale.ROOT));
            return new Settings(
                base(given.get("REGISTRY_URL"), "http://registry:8000"),
                base(given.get("ORCHESTRATOR_URL"), "http://orchestrator:8001"),
                name.isEmpty() ? "java-httpserver" : name,
                whole(given.get("DROPLET_ID"), 41),
                whole(port, 8041),
                "development".equals(given.get("ENVIRONMENT")) ? "development" : "production",
                level < 0 ? 1 : level);
        }

        private static String base(String url, String otherwise) {
            return (url == null || url.isBlank() ? otherwise : url.strip()).replaceAll("/+$", "");
        }

        private static int whole(String text, int otherwise) {
            return text != null && text.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(text) : otherwise;
        }
    }

    record Log(Settings settings) {
        void debug(String message, Map<String, ?> more) { write(0, message, more); }
        void info(String message, Map<String, ?> more) { write(1, message, more); }
        void warning(String message, Map<String, ?> more) { write(2, message, more); }
        void error(String message, Map<String, ?> more) { write(3, message, more); }

        private void write(int rank, String message, Map<String, ?> more) {
            if (rank < settings.level) return;
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("timestamp", Instant.now().toString());
            line.put("level", Settings.LEVELS.get(rank));
            line.put("service", settings.name);
            line.put("message", message);
            line.putAll(more);
            String text = Json.text(line);
            synchronized (System.out) {
                System.out.println(text);
                System.out.flush();
            }
        }
    }

    // ------------------------------------------------------------ the traffic it has seen

    static final class Traffic {
        private record Seen(double at, double milliseconds, boolean failed) { }
        private final Deque<Seen> recent = new ArrayDeque<>();
        private Instant last;

        synchronized void add(double milliseconds, boolean failed) {
            recent.addLast(new Seen(clock(), milliseconds, failed));
            if (recent.size() > 100_000) recent.removeFirst();
            last = Instant.now();
        }

        synchronized Map<String, Object> numbers() {
            while (!recent.isEmpty() && recent.peekFirst().at < clock() - 60) recent.removeFirst();
            int count = recent.size();
            double spent = recent.stream().mapToDouble(Seen::milliseconds).sum();
            long failed = recent.stream().filter(Seen::failed).count();
            Map<String, Object> numbers = new LinkedHashMap<>();
            numbers.put("requests_per_minute", count);
            numbers.put("average_response_time_ms", count == 0 ? 0 : Math.round(1000 * spent / count) / 1000.0);
            numbers.put("error_rate_percent", count == 0 ? 0 : Math.round(10_000.0 * failed / count) / 100.0);
            return numbers;
        }

        synchronized Instant last() {
            return last;
        }
    }

    // ------------------------------------------------------------ asking others

    record Answer(int status, Object body) {
        Map<?, ?> object() {
            return body instanceof Map<?, ?> map ? map : Map.of();
        }
    }

    static final HttpClient CLIENT = HttpClient.newBuilder()
        .connectTimeout(Duration.ofSeconds(4))
        .executor(Executors.newCachedThreadPool(Droplet::daemon))
        .build();

    static Answer ask(String method, String url, String token, Object body, int seconds) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(seconds));
        if (token != null) request.header("Authorization", "Bearer " + token);
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/json");
            request.method(method, HttpRequest.BodyPublishers.ofString(Json.text(body)));
        }
        CompletableFuture<HttpResponse<byte[]>> asked =
            CLIENT.sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        try {
            HttpResponse<byte[]> response = asked.get(seconds, TimeUnit.SECONDS);
            return new Answer(response.statusCode(), Json.read(response.body()));
        } catch (TimeoutException late) {
            asked.cancel(true);
            throw new IOException("no answer within " + seconds + " s");
        } catch (ExecutionException failed) {
            throw new IOException(failed.getCause().getClass().getSimpleName());
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted");
        }
    }

    // ------------------------------------------------------------ what the Registry gave

    static final class Registry {
        static final List<String> CAPABILITIES = List.of("unit_conversion");
        private final Settings settings;
        private final Log log;
        private volatile Given given;

        record Given(String token, long serviceId, double expires, double margin) { }

        Registry(Settings settings, Log log) {
            this.settings = settings;
            this.log = log;
        }

        boolean isRegistered() {
            return given != null;
        }

        synchronized Given register() throws IOException {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("name", settings.name);
            facts.put("droplet_id", settings.number);
            facts.put("port", settings.port);
            facts.put("health_endpoint", "/health");
            facts.put("capabilities", CAPABILITIES);
            facts.put("version", VERSION);
            facts.put("udc_compliant", true);
            Answer answer = ask("POST", settings.registry + "/register", null, facts, 10);
            if (answer.status != 201) throw new IOException("the Registry answered " + answer.status);
            if (!(answer.object().get("token") instanceof String token) || token.isEmpty()
                || !(answer.object().get("service_id") instanceof BigDecimal id)) {
                throw new IOException("the Registry answered 201 without a token and a service_id");
            }
            double now = Instant.now().toEpochMilli() / 1000.0;
            double ends = Token.expiry(token);
            double margin = Math.min(60, Math.max(0, ends - now) / 4);
            given = new Given(token, id.longValue(), ends, margin);
            log.info("registered", Map.of("service_id", id.longValue()));
            return given;
        }

        // What holds now: renewed where it is about to end, kept trying where there is none.
        Given current() {
            for (double wait = 1; ; wait = Math.min(2 * wait, 10)) {
                Given known = given;
                double left = known == null ? 0 : known.expires - Instant.now().toEpochMilli() / 1000.0;
                if (known != null && left > known.margin) return known;
                try {
                    return register();
                } catch (IOException failed) {
                    log.warning("registration failed", Map.of("operation", "POST /register",
                        "error", String.valueOf(failed.getMessage()), "next_try_in_s", wait));
                    if (known != null && left > 1) return known;
                }
                sleep(wait);
            }
        }

        Given after(Given refused) throws IOException {
            synchronized (this) {
                return given == refused ? register() : given;
            }
        }

        PublicKey key() throws IOException {
            Answer answer = ask("GET", settings.registry + "/auth/public-key", null, null, 5);
            if (answer.status != 200 || !(answer.object().get("public_key") instanceof String pem)) {
                throw new IOException("the Registry gave no key (" + answer.status + ")");
            }
            try {
                String inner = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
                byte[] der = Base64.getDecoder().decode(inner);
                return KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der));
            } catch (GeneralSecurityException | IllegalArgumentException odd) {
                throw new IOException("the Registry's key cannot be read");
            }
        }
    }

    // ------------------------------------------------------------ beats

    record Heart(Settings settings, Log log, Registry registry, Traffic traffic) {
        void beatForEver() {
            double due = clock();
            for (;;) {
                Registry.Given given = registry.current();
                double began = clock();
                try {
                    int status = beat(given);
                    if (status == 401) {
                        log.warning("the token was refused, registering again", Map.of("operation", "POST /heartbeat"));
                        status = beat(registry.after(given));
                    }
                    if (status < 200 || status > 299) throw new IOException("the Orchestrator answered " + status);
                    log.debug("heartbeat taken", Map.of());
                } catch (IOException failed) {
                    log.error("heartbeat failed", Map.of("operation", "POST /heartbeat", "error", String.valueOf(failed.getMessage())));
                }
                due = (began - due < 2 ? due : began) + 60;
                sleep(due - clock());
            }
        }

        private int beat(Registry.Given given) throws IOException {
            Map<String, Object> metrics = new LinkedHashMap<>(traffic.numbers());
            Runtime runtime = Runtime.getRuntime();
            metrics.put("memory_mb", (runtime.totalMemory() - runtime.freeMemory()) / 1_048_576);
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("service_id", given.serviceId());
            body.put("service_name", settings.name);
            body.put("status", "active");
            body.put("metrics", metrics);
            return ask("POST", settings.orchestrator + "/heartbeat", given.token(), body, 5).status();
        }
    }

    // ------------------------------------------------------------ tokens of others

    static final class Refused extends Exception {
        final int status;
        final String code;

        Refused(int status, String code, String message) {
            super(message, null, false, false);
            this.status = status;
            this.code = code;
        }
    }

    // The Registry's key: fetched on first need, every three minutes, and where a signature does not
    // verify, then three times at once and one time in ten seconds.
    static final class Keys {
        private final Registry registry;
        private final Log log;
        private PublicKey key;
        private double fetched;
        private double failed = -1e9;
        private double credit = 3;
        private double credited = clock();

        Keys(Registry registry, Log log) {
            this.registry = registry;
            this.log = log;
        }

        synchronized PublicKey current() throws Refused {
            if ((key == null || clock() - fetched > 180) && clock() - failed > 1) fetch();
            if (key == null) throw new Refused(503, "KEY_UNAVAILABLE", "Tokens cannot be verified at the moment");
            return key;
        }

        synchronized PublicKey newerThan(PublicKey known) {
            credit = Math.min(3, credit + (clock() - credited) / 10);
            credited = clock();
            if (key == known && credit >= 1) {
                credit -= 1;
                fetch();
            }
            return key;
        }

        private void fetch() {
            try {
                key = registry.key();
                fetched = clock();
            } catch (IOException error) {
                failed = clock();
                log.error("the public key could not be fetched",
                    Map.of("operation", "GET /auth/public-key", "error", String.valueOf(error.getMessage())));
            }
        }
    }

    static final class Token {
        static double expiry(String token) {
            try {
                Object claims = Json.read(Base64.getUrlDecoder().decode(token.split("\\.")[1]));
                if (claims instanceof Map<?, ?> map && map.get("exp") instanceof BigDecimal exp) return exp.doubleValue();
            } catch (RuntimeException opaque) {
                // A token that cannot be read is used until it is refused.
            }
            return Double.MAX_VALUE;
        }

        static String verified(List<String> headers, Keys keys) throws Refused {
            if (headers == null || headers.size() != 1) throw no("no bearer token");
            String[] words = headers.get(0).strip().split("\\s+");
            if (words.length != 2 || !words[0].equalsIgnoreCase("bearer")) throw no("no bearer token");
            if (words[1].length() > 8192 || !words[1].matches("[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+")) {
                throw no("not a compact token");
            }
            String[] parts = words[1].split("\\.");
            if (!(part(parts[0]) instanceof Map<?, ?> header) || !"RS256".equals(header.get("alg")) || header.containsKey("crit")) {
                throw no("not a plain RS256 token");
            }
            PublicKey known = keys.current();
            if (!holds(parts, known)) {
                PublicKey newer = keys.newerThan(known);
                if (newer.equals(known) || !holds(parts, newer)) throw no("the signature does not verify");
            }
            if (!(part(parts[1]) instanceof Map<?, ?> claims)) throw no("no claims");
            double now = Instant.now().toEpochMilli() / 1000.0;
            if (!(claims.get("exp") instanceof BigDecimal exp) || !(exp.doubleValue() > now)) throw no("expired, or without exp");
            if (!(claims.get("service_id") instanceof BigDecimal)) throw no("no service_id");
            if (!(claims.get("service_name") instanceof String name) || name.isEmpty()) throw no("no service_name");
            return name;
        }

        private static Refused no(String why) {
            return new Refused(401, "UNAUTHORIZED", why);
        }

        private static Object part(String text) {
            try {
                return Json.read(Base64.getUrlDecoder().decode(text));
            } catch (IllegalArgumentException odd) {
                return null;
            }
        }

        private static boolean holds(String[] parts, PublicKey key) {
            try {
                Signature check = Signature.getInstance("SHA256withRSA");
                check.initVerify((RSAPublicKey) key);
                check.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
                return check.verify(Base64.getUrlDecoder().decode(parts[2]));
            } catch (GeneralSecurityException | IllegalArgumentException | ClassCastException odd) {
                return false;
            }
        }
    }

    // ------------------------------------------------------------ the service

    record Service(Settings settings, Log log, Registry registry, Keys keys, Traffic traffic) {
        private static final AtomicLong NUMBER = new AtomicLong();
        private static final String RUN = UUID.randomUUID().toString().substring(0, 8);

        void serve(HttpExchange exchange) {
            double began = clock();
            int status = 500;
            try (exchange) {
                Object body;
                try {
                    body = answer(exchange);
                    status = 200;
                } catch (Refused refused) {
                    status = refused.status;
                    body = problem(refused.code, refused.status == 401 ? "A valid bearer token is needed" : refused.getMessage());
                    if (status == 401) {
                        exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
                        log.warning("request refused", Map.of("status", 401, "reason", refused.getMessage()));
                    }
                    if (status == 503) exchange.getResponseHeaders().set("Retry-After", "5");
                } catch (RuntimeException unexpected) {
                    body = problem("INTERNAL", "Something went wrong inside");
                    log.error("a request failed", Map.of("error", unexpected.getClass().getSimpleName()));
                }
                send(exchange, status, Json.text(body).getBytes(StandardCharsets.UTF_8));
            } catch (IOException gone) {
                log.debug("the caller hung up", Map.of());
            } finally {
                traffic.add((clock() - began) * 1000, status >= 500);
            }
        }

        private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
            var headers = exchange.getResponseHeaders();
            headers.set("Content-Type", "application/json");
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("X-Frame-Options", "DENY");
            headers.set("X-XSS-Protection", "1; mode=block");
            if (exchange.getRequestMethod().equals("HEAD")) {
                exchange.sendResponseHeaders(status, -1);
                return;
            }
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }

        private static Map<String, Object> problem(String code, String message) {
            return Map.of("error", Map.of("code", code, "message", message));
        }

        private Object answer(HttpExchange exchange) throws Refused, IOException {
            String path = exchange.getRequestURI().getRawPath();
            String wanted = switch (path == null ? "" : path) {
                case "/health", "/capabilities", "/state", "/dependencies" -> "GET";
                case "/message" -> "POST";
                default -> throw new Refused(404, "NOT_FOUND", "There is nothing at this path");
            };
            String method = exchange.getRequestMethod();
            if (!method.equals(wanted) && !(method.equals("HEAD") && wanted.equals("GET"))) {
                exchange.getResponseHeaders().set("Allow", wanted);
                throw new Refused(405, "METHOD_NOT_ALLOWED", "This path takes " + wanted);
            }
            if (path.equals("/health")) return health();
            if (path.equals("/capabilities")) return capabilities();
            String caller = Token.verified(exchange.getRequestHeaders().get("Authorization"), keys);
            return switch (path) {
                case "/state" -> state();
                case "/dependencies" -> dependencies();
                default -> message(exchange.getRequestBody(), caller);
            };
        }

        private Object health() {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("version", VERSION);
            body.put("uptime_seconds", (System.nanoTime() - BORN) / 1_000_000_000L);
            body.put("timestamp", Instant.now().toString());
            body.put("status", registry.isRegistered() ? "healthy" : "degraded");
            return body;
        }

        private Object capabilities() {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("service_name", settings.name);
            body.put("droplet_id", settings.number);
            body.put("capabilities", Registry.CAPABILITIES);
            body.put("supported_operations", List.of("convert"));
            body.put("integration_endpoints", List.of());
            body.put("version", VERSION);
            return body;
        }

        private Object state() {
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("status", registry.isRegistered() ? "active" : "inactive");
            body.put("mode", settings.mode);
            body.put("metrics", traffic.numbers());
            Instant last = traffic.last();
            if (last != null) body.put("last_activity", last.toString());
            return body;
        }

        private static Object dependencies() {
            return Map.of("required_services", List.of(), "optional_services", List.of(), "external_apis", List.of());
        }

        private Object message(InputStream stream, String caller) throws Refused, IOException {
            byte[] bytes = stream.readNBytes(LARGEST + 1);
            if (bytes.length > LARGEST) throw new Refused(413, "TOO_LARGE", "A message has at most one megabyte");
            if (!(Json.read(bytes) instanceof Map<?, ?> message)) throw bad("The body must be a JSON object");
            String from = scalar(message.get("from_service"));
            String kind = scalar(message.get("message_type"));
            if (from == null || from.isEmpty()) throw bad("from_service must be a string");
            if (kind == null || !List.of("task_assignment", "status_update", "query").contains(kind)) {
                throw bad("message_type must be task_assignment, status_update or query");
            }
            if (!(message.get("payload") instanceof Map)) throw bad("payload must be an object");
            if (message.get("reply_to") != null && !usable(message.get("reply_to"))) throw bad("reply_to must be an http or https URL");
            if (!from.equals(caller)) throw new Refused(403, "WRONG_SENDER", "from_service is not the service of the token");
            Map<String, Object> body = new LinkedHashMap<>();
            body.put("received", true);
            body.put("message_id", "java-" + RUN + "-" + NUMBER.incrementAndGet());
            body.put("status", "completed");
            body.put("result", Map.of());
            return body;
        }

        private static Refused bad(String why) {
            return new Refused(400, "INVALID_MESSAGE", why);
        }

        private static String scalar(Object value) {
            return value instanceof String || value instanceof BigDecimal || value instanceof Boolean ? value.toString() : null;
        }

        private static boolean usable(Object value) {
            if (!(value instanceof String text) || text.length() > 2048) return false;
            try {
                URI uri = new URI(text);
                String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
                return (scheme.equals("http") || scheme.equals("https")) && uri.getHost() != null && uri.getUserInfo() == null;
            } catch (java.net.URISyntaxException odd) {
                return false;
            }
        }
    }

    // ------------------------------------------------------------ JSON: objects are maps, numbers BigDecimal

    static final class Json {
        private static final int DEEPEST = 64;
        private final String text;
        private int at;
        private int depth;

        private static final class Bad extends RuntimeException {
            Bad() { super("no JSON", null, false, false); }
        }

        private Json(String text) {
            this.text = text;
        }

        // The value, or null where the bytes are no JSON (or are `null`).
        static Object read(byte[] bytes) {
            try {
                String text = StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes)).toString();
                Json json = new Json(text);
                Object value = json.value();
                json.space();
                return json.at == text.length() ? value : null;
            } catch (CharacterCodingException | Bad | NumberFormatException odd) {
                return null;
            }
        }

        private Object value() {
            space();
            switch (peek()) {
                case '{': return object();
                case '[': return array();
                case '"': return string();
                case 't': return word("true", Boolean.TRUE);
                case 'f': return word("false", Boolean.FALSE);
                case 'n': return word("null", null);
                default: return number();
            }
        }

        private Map<String, Object> object() {
            Map<String, Object> members = new LinkedHashMap<>();
            enter();
            space();
            if (peek() == '}') return leave(members);
            for (;;) {
                space();
                if (peek() != '"') throw new Bad();
                String name = string();
                space();
                expect(':');
                members.put(name, value());
                space();
                if (peek() == '}') return leave(members);
                expect(',');
            }
        }

        private List<Object> array() {
            List<Object> items = new ArrayList<>();
            enter();
            space();
            if (peek() == ']') return leave(items);
            for (;;) {
                items.add(value());
                space();
                if (peek() == ']') return leave(items);
                expect(',');
            }
        }

        private void enter() {
            at++;
            if (++depth > DEEPEST) throw new Bad();
        }

        private <T> T leave(T whole) {
            at++;
            depth--;
            return whole;
        }

        private String string() {
            StringBuilder out = new StringBuilder();
            expect('"');
            for (;;) {
                char c = next();
                if (c == '"') return out.toString();
                if (c < ' ') throw new Bad();
                if (c != '\\') {
                    out.append(c);
                    continue;
                }
                char escaped = next();
                int known = "\"\\/bfnrt".indexOf(escaped);
                if (known >= 0) out.append("\"\\/\b\f\n\r\t".charAt(known));
                else if (escaped == 'u') out.append(hex());
                else throw new Bad();
            }
        }

        private char hex() {
            int code = 0;
            for (int i = 0; i < 4; i++) {
                int digit = Character.digit(next(), 16);
                if (digit < 0) throw new Bad();
                code = code * 16 + digit;
            }
            return (char) code;
        }

        private BigDecimal number() {
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
            String found = text.substring(start, at);
            if (found.length() > 400 || !found.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,6})?")) throw new Bad();
            return new BigDecimal(found);
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) throw new Bad();
            at += word.length();
            return value;
        }

        private void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        }

        private char peek() {
            if (at >= text.length()) throw new Bad();
            return text.charAt(at);
        }

        private char next() {
            char c = peek();
            at++;
            return c;
        }

        private void expect(char wanted) {
            if (next() != wanted) throw new Bad();
        }

        static String text(Object value) {
            StringBuilder out = new StringBuilder();
            write(value, out);
            return out.toString();
        }

        private static void write(Object value, StringBuilder out) {
            if (value instanceof Map<?, ?> map) {
                String between = "{";
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    out.append(between);
                    quote(String.valueOf(member.getKey()), out);
                    out.append(':');
                    write(member.getValue(), out);
                    between = ",";
                }
                out.append(map.isEmpty() ? "{}" : "}");
            } else if (value instanceof Iterable<?> items) {
                out.append('[');
                String between = "";
                for (Object item : items) {
                    out.append(between);
                    write(item, out);
                    between = ",";
                }
                out.append(']');
            } else if (value instanceof String text) {
                quote(text, out);
            } else {
                out.append(value);
            }
        }

        private static void quote(String text, StringBuilder out) {
            out.append('"');
            for (char c : text.toCharArray()) {
                if (c == '"' || c == '\\') out.append('\\').append(c);
                else if (c < ' ' || Character.isSurrogate(c)) out.append(String.format("\\u%04x", (int) c));
                else out.append(c);
            }
            out.append('"');
        }
    }
}
