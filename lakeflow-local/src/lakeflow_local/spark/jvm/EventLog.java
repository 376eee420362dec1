package lakeflow.local;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.FunctionTableSubqueryArgumentExpression;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.classic.SparkSession;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;

/**
 * `event_log('pipeline id')` and `event_log(TABLE(dataset))`: the events that lie beside the states of the pipelines,
 * in `<folder>/<pipeline>/events.jsonl`. `<pipeline>/id` has its id, `key` the key of its resource, by which a bundle
 * refers to the id, and `datasets/` a file for each dataset.
 */
public class EventLog extends AbstractFunction1 {
    private static final Set FOLDERS = ConcurrentHashMap.newKeySet();
    private static final String SCHEMA = "spark.lakeflow.eventLog.schema";

    /** Let it find pipelines whose states lie in another folder than the one beside the warehouse. */
    public static void addFolder(String folder) { FOLDERS.add(folder); }

    public Object apply(Object given) {
        Seq arguments = (Seq) given;
        if (arguments.length() != 1) throw new IllegalArgumentException("event_log takes a pipeline's id or TABLE(name)");
        Expression argument = (Expression) arguments.apply(0);
        SparkSession session = (SparkSession) SparkSession.active();
        File events;
        if (argument instanceof FunctionTableSubqueryArgumentExpression) {
            events = ofTable(session, ((FunctionTableSubqueryArgumentExpression) argument).plan());
        } else {
            Object value = argument.foldable() ? argument.eval(null) : null;
            if (value == null) throw new IllegalArgumentException("event_log takes a pipeline's id or TABLE(name)");
            events = ofPipeline(session, value.toString());
        }
        String lines = events.exists()
            ? "text.`" + events.toURI().toString() + "`" : "(SELECT CAST(NULL AS STRING) AS value WHERE FALSE)";
        String columns = "from_json(value, '" + session.conf().get(SCHEMA) + "')";
        String query = "SELECT event.* FROM (SELECT " + columns + " AS event FROM " + lines + ") WHERE event.id IS NOT NULL";
        try {
            return session.sessionState().sqlParser().parsePlan(query);
        } catch (ParseException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static File ofPipeline(SparkSession session, String id) {
        File[] pipelines = pipelines(session);
        for (int i = 0; i < pipelines.length; i++) {
            String key = content(new File(pipelines[i], "key"));
            boolean named = key != null && (id.equals(key) || id.equals("${resources.pipelines." + key + ".id}"));
            if (named || id.equals(content(new File(pipelines[i], "id")))) {
                return new File(pipelines[i], "events.jsonl");
            }
        }
        throw new IllegalArgumentException("event_log: no pipeline with the id " + id + " has run on this machine");
    }

    private static File ofTable(SparkSession session, LogicalPlan plan) {
        LogicalPlan node = plan;
        while (!(node instanceof SubqueryAlias) && node.children().length() == 1) {
            node = (LogicalPlan) node.children().apply(0);
        }
        if (!(node instanceof SubqueryAlias)) {
            throw new IllegalArgumentException("event_log(TABLE(…)) takes a dataset of a pipeline");
        }
        String name = ((SubqueryAlias) node).identifier().name();
        Seq qualifier = ((SubqueryAlias) node).identifier().qualifier();
        String schema = qualifier.isEmpty() ? "" : (String) qualifier.apply(qualifier.length() - 1);
        if (qualifier.length() == 2 && !"spark_catalog".equalsIgnoreCase((String) qualifier.apply(0))) {
            schema = qualifier.apply(0) + "__" + schema;
        }
        String file = "datasets/" + (schema + "." + name).toLowerCase(java.util.Locale.ROOT) + ".json";
        File[] pipelines = pipelines(session);
        for (int i = 0; i < pipelines.length; i++) {
            if (new File(pipelines[i], file).exists()) return new File(pipelines[i], "events.jsonl");
        }
        throw new IllegalArgumentException("event_log: " + name + " is no dataset that a pipeline has updated on this machine");
    }

    private static File[] pipelines(SparkSession session) {
        java.util.List found = new java.util.ArrayList();
        java.util.List folders = new java.util.ArrayList(FOLDERS);
        String warehouse = session.conf().get("spark.sql.warehouse.dir");
        File there = warehouse.startsWith("file:") ? new File(URI.create(warehouse)) : new File(warehouse);
        folders.add(0, new File(there.getParentFile(), "pipelines").getPath());
        for (int i = 0; i < folders.size(); i++) {
            File[] inside = new File((String) folders.get(i)).listFiles();
            if (inside != null) found.addAll(java.util.Arrays.asList(inside));
        }
        return (File[]) found.toArray(new File[0]);
    }

    private static String content(File file) {
        try {
            return file.exists() ? new String(Files.readAllBytes(file.toPath()), StandardCharsets.UTF_8).trim() : null;
        } catch (IOException unreadable) {
            throw new IllegalArgumentException("event_log: " + file + " cannot be read");
        }
    }
}
