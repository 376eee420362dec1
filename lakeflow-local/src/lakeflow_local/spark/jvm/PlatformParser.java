package lakeflow.local;

import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterHandler;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Seq;

/**
 * Puts parameters (`:name`, `?`) into a text before it is parsed, as Spark's own parser does. Delta's parser does not
 * pass them on, so they would be unknown in IDENTIFIER(:name) and as arguments of table functions.
 */
public class PlatformParser implements ParserInterface {
    private final ParserInterface inner;

    public PlatformParser(ParserInterface inner) { this.inner = inner; }

    public LogicalPlan parsePlanWithParameters(String text, ParameterContext parameters) throws ParseException {
        return inner.parsePlan((String) ParameterHandler.substituteParameters(text, parameters)._1());
    }
    public LogicalPlan parsePlan(String text) throws ParseException { return inner.parsePlan(text); }
    public LogicalPlan parseQuery(String text) throws ParseException { return inner.parseQuery(text); }
    public Expression parseExpression(String text) throws ParseException { return inner.parseExpression(text); }
    public TableIdentifier parseTableIdentifier(String text) throws ParseException {
        return inner.parseTableIdentifier(text);
    }
    public FunctionIdentifier parseFunctionIdentifier(String text) throws ParseException {
        return inner.parseFunctionIdentifier(text);
    }
    public Seq parseMultipartIdentifier(String text) throws ParseException { return inner.parseMultipartIdentifier(text); }
    public StructType parseTableSchema(String text) throws ParseException { return inner.parseTableSchema(text); }
    public DataType parseDataType(String text) throws ParseException { return inner.parseDataType(text); }
    public StructType parseRoutineParam(String text) throws ParseException { return inner.parseRoutineParam(text); }
}
