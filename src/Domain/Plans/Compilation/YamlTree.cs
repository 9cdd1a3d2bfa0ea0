using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Scalar = YamlDotNet.Core.Events.Scalar;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>
/// Reads YAML (and so JSON) into nodes with places. The stream of events is checked before anything is built on it: a small text can
/// otherwise be a tree that exhausts the stack.
/// </summary>
internal static class YamlTree
{
    public const int MaxDepth = 64;
    public const int MaxNodes = 20_000;

    /// <summary>The tree, or null when the text has none; the faults say why.</summary>
    public static Node? Read(string text, Faults faults)
    {
        var events = Check(text, faults);
        if (events is [])
        {
            faults.Add("empty", "", 1, 1, "There is nothing in it.");
        }

        if (events is null or [])
        {
            return null;
        }

        var next = 0;
        return Build(events, ref next, "", faults);
    }

    /// <summary>The nodes' events, or null when the text must not be built.</summary>
    private static List<ParsingEvent>? Check(string text, Faults faults)
    {
        var events = new List<ParsingEvent>();
        var depth = 0;
        var nodes = 0;
        try
        {
            var parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
            while (parser.MoveNext())
            {
                var item = parser.Current!;
                var (line, column) = ((int)item.Start.Line, (int)item.Start.Column);
                switch (item)
                {
                    case DocumentStart when events.Count > 0:
                        faults.Add("several-documents", "", line, column, "Expected one document, found a second one.", "remove what follows '---'");
                        return null;
                    case MappingEnd or SequenceEnd:
                        depth--;
                        events.Add(item);
                        continue;
                    case AnchorAlias or NodeEvent { Anchor.IsEmpty: false }:
                        faults.Add("anchor", "", line, column, "Anchors and aliases are not read here.", "write the value out");
                        break;
                    case NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag }:
                        faults.Add("tag", "", line, column, $"Tags such as '{tag.Value}' are not read here.", "remove the tag");
                        break;
                    case not NodeEvent:
                        continue;
                }

                if (++nodes > MaxNodes)
                {
                    faults.Add("too-large", "", line, column, $"It holds more than {MaxNodes} values.");
                    return null;
                }

                if (item is MappingStart or SequenceStart && ++depth > MaxDepth)
                {
                    faults.Add("too-deep", "", line, column, $"It is nested more than {MaxDepth} deep.");
                    return null;
                }

                events.Add(item);
            }
        }
        catch (YamlException e)
        {
            var tab = e.Message.Contains("tab", StringComparison.Ordinal) ? TabLine(text, (int)e.Start.Line) : null;
            faults.Add(
                "syntax", "", tab ?? (int)e.Start.Line, tab is null ? (int)e.Start.Column : 1, $"This cannot be read as YAML: {e.Message}",
                tab is null ? null : "indent with blanks");
            return null;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // The scanner throws these for some malformed plain scalars instead of saying where.
            var last = events.Count == 0 ? Mark.Empty : events[^1].End;
            faults.Add("syntax", "", (int)last.Line, (int)last.Column, "This cannot be read as YAML: what follows is malformed.", "look for a missing bracket or quote");
            return null;
        }

        return events;
    }

    /// <summary>The first line from <paramref name="from"/> on that is indented with a tab; the scanner only says where the mapping began.</summary>
    private static int? TabLine(string text, int from)
    {
        var number = text.Split('\n').Index().FirstOrDefault(l => l.Index + 1 >= from && l.Item.TrimStart(' ').StartsWith('\t')).Index + 1;
        return number > 1 || text.TrimStart(' ').StartsWith('\t') ? number : null;
    }

    private static Node Build(List<ParsingEvent> events, ref int next, string path, Faults faults)
    {
        var item = events[next++];
        var (line, column) = ((int)item.Start.Line, (int)item.Start.Column);
        switch (item)
        {
            case SequenceStart:
                var items = new List<Node>();
                while (events[next] is not SequenceEnd)
                {
                    items.Add(Build(events, ref next, $"{path}[{items.Count}]", faults));
                }

                next++;
                return new Node.Sequence(path, line, column, items);
            case MappingStart:
                var entries = new List<Node.Entry>();
                while (events[next] is not MappingEnd)
                {
                    var key = Build(events, ref next, path, faults);
                    var name = key is Node.Scalar { Text: var text } ? text : "?";
                    var scalar = new Node.Scalar(path.Length == 0 ? name : $"{path}.{name}", key.Line, key.Column, name, Plain: false);
                    var value = Build(events, ref next, scalar.Path, faults);
                    if (key is not Node.Scalar)
                    {
                        faults.Add("wrong-type", scalar, $"Expected a name as key, found {faults.Show(key)}.");
                    }
                    else if (entries.Find(e => e.Key.Text == name) is { } first)
                    {
                        faults.Add("duplicate-key", scalar, $"'{name}' is given twice, first in line {first.Key.Line}.", "remove one of them");
                    }
                    else
                    {
                        entries.Add(new Node.Entry(scalar, value));
                    }
                }

                next++;
                return new Node.Mapping(path, line, column, entries);
            case Scalar scalarEvent:
                return new Node.Scalar(path, line, column, scalarEvent.Value, scalarEvent.Style == ScalarStyle.Plain);
            default:
                return new Node.Scalar(path, line, column, "", Plain: true);
        }
    }
}
