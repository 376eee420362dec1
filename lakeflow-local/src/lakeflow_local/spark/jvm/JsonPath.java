package lakeflow.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The platform's JSON path expressions: `a.b`, `a:b`, `['a']`, `[0]`, `[*]`. A name is compared without regard to
 * case, a name in brackets with it. The result is text; what is not there, a JSON null and invalid JSON are NULL.
 */
public class JsonPath {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static volatile String lastPath;
    private static volatile List lastSteps;

    static {
        MAPPER.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);  // a number keeps the digits it is written with
        MAPPER.setNodeFactory(JsonNodeFactory.withExactBigDecimals(true));
    }

    /** Called by Spark for each row; both arguments are there. */
    public static UTF8String extract(UTF8String json, UTF8String path) {
        JsonNode node;
        try {
            node = MAPPER.readTree(json.toString());
        } catch (JsonProcessingException invalid) {
            return null;
        }
        JsonNode found = follow(node, stepsOf(path.toString()), 0);
        if (found == null || found.isNull() || found.isMissingNode()) return null;
        return UTF8String.fromString(found.isTextual() ? found.textValue() : found.toString());
    }

    /** The name that a column gets from a path; null where it does not end with a name. */
    public static String lastName(String path) {
        List steps = steps(path);
        Step last = (Step) steps.get(steps.size() - 1);
        return last.name;
    }

    private static JsonNode follow(JsonNode node, List steps, int at) {
        if (node == null || at == steps.size()) return node;
        Step step = (Step) steps.get(at);
        if (step.name != null) return follow(field(node, step), steps, at + 1);
        if (step.index >= 0) return node.isArray() ? follow((JsonNode) node.get(step.index), steps, at + 1) : null;
        if (!node.isArray()) return null;
        ArrayNode all = MAPPER.createArrayNode();
        for (int i = 0; i < node.size(); i++) {
            JsonNode one = follow((JsonNode) node.get(i), steps, at + 1);
            if (one != null) all.add(one);
        }
        return all.size() == 0 ? null : all;
    }

    private static JsonNode field(JsonNode node, Step step) {
        if (!node.isObject()) return null;
        JsonNode exact = (JsonNode) node.get(step.name);
        if (step.exact || exact != null) return exact;
        JsonNode found = null;
        Iterator names = node.fieldNames();
        while (names.hasNext()) {
            String name = (String) names.next();
            if (!name.equalsIgnoreCase(step.name)) continue;
            if (found != null) {
                throw new IllegalArgumentException("the JSON path " + step.name + " fits several fields that differ in "
                    + "case only: write ['" + name + "']");
            }
            found = (JsonNode) node.get(name);
        }
        return found;
    }

    private static List stepsOf(String path) {
        List known = lastSteps;
        if (path.equals(lastPath) && known != null) return known;
        List steps = steps(path);
        lastPath = null;  // so that no reader takes the steps of one path for those of another
        lastSteps = steps;
        lastPath = path;
        return steps;
    }

    private static List steps(String path) {
        List steps = new ArrayList();
        int at = 0;
        while (at < path.length()) {
            char c = path.charAt(at);
            if (c == '.' || c == ':' || (c == '$' && at == 0)) {
                at++;
            } else if (c == '`') {
                int end = path.indexOf('`', at + 1);
                steps.add(new Step(path.substring(at + 1, end), false, -1));
                at = end + 1;
            } else if (c == '[') {
                char quote = path.charAt(at + 1);
                boolean quoted = quote == '\'' || quote == '"';
                int end = quoted ? path.indexOf(quote, at + 2) : path.indexOf(']', at);
                if (quoted) {
                    steps.add(new Step(path.substring(at + 2, end), true, -1));
                    end = path.indexOf(']', end);
                } else {
                    String inside = path.substring(at + 1, end).trim();
                    steps.add(new Step(null, false, inside.equals("*") ? -1 : Integer.parseInt(inside)));
                }
                at = end + 1;
            } else {
                int end = at;
                while (end < path.length() && ".:[".indexOf(path.charAt(end)) < 0) end++;
                steps.add(new Step(path.substring(at, end).trim(), false, -1));
                at = end;
            }
        }
        return steps;
    }

    /** A field by its name, or an element by its index, -1 for all. */
    private static class Step {
        final String name;
        final boolean exact;
        final int index;

        Step(String name, boolean exact, int index) {
            this.name = name;
            this.exact = exact;
            this.index = index;
        }
    }
}
