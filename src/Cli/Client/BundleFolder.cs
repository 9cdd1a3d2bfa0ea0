using System.Text;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Plans;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sluice.Cli.Client;

/// <summary>Makes the bundle of a plan on disk: its text and that of every file it names, relative to its folder.</summary>
public static class BundleFolder
{
    private const int MaxDepth = 64;
    private static readonly HashSet<string> FileKeys = ["variables", "suite", "up", "down"];

    /// <summary>Reads the plan and its files. A file that does not exist is left out: the compiler reports it with its line.</summary>
    /// <exception cref="UsageException">The plan cannot be read, is not UTF-8, or all together is too large.</exception>
    public static Bundle Read(string planFile)
    {
        var plan = ReadText(planFile);
        var folder = Path.GetDirectoryName(Path.GetFullPath(planFile))!;
        var files = new Dictionary<string, string>();
        foreach (var name in NamedFiles(plan).Where(IsInside).Distinct())
        {
            var path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                files[name] = ReadText(path);
            }
        }

        var bytes = Encoding.UTF8.GetByteCount(plan) + files.Sum(f => Encoding.UTF8.GetByteCount(f.Key) + Encoding.UTF8.GetByteCount(f.Value));
        return bytes <= Bundle.MaxBytes
            ? new Bundle(plan, files)
            : throw new UsageException($"{planFile} and the {files.Count} files it names have {bytes} bytes; at most {Bundle.MaxBytes} are taken.");
    }

    /// <summary>The texts under the keys that name files, in a plan of whatever validity; nothing below the first syntax error.</summary>
    public static IReadOnlyList<string> NamedFiles(string plan)
    {
        var names = new List<string>();
        var open = new Stack<Node>();
        try
        {
            var parser = new Parser(new StringReader(plan));
            while (parser.MoveNext() && open.Count <= MaxDepth)
            {
                switch (parser.Current)
                {
                    case MappingStart:
                        open.Push(new Node(IsMapping: true, NameOf(open)));
                        break;
                    case SequenceStart:
                        open.Push(new Node(IsMapping: false, NameOf(open)));
                        break;
                    case MappingEnd or SequenceEnd:
                        open.Pop();
                        EndValue(open);
                        break;
                    case Scalar scalar when open.TryPeek(out var node):
                        if (node is { IsMapping: true, Key: null })
                        {
                            node.Key = scalar.Value;
                            break;
                        }

                        if (NameOf(open) is { } key && FileKeys.Contains(key))
                        {
                            names.Add(scalar.Value);
                        }

                        EndValue(open);
                        break;
                    case AnchorAlias:
                        EndValue(open);
                        break;
                }
            }
        }
        catch (YamlException)
        {
            // The compiler says where and why.
        }

        return names;
    }

    // A sequence passes on the key it is the value of: `up: [a.sql, b.sql]`.
    private static string? NameOf(Stack<Node> open) => open.TryPeek(out var node) ? node.IsMapping ? node.Key : node.Name : null;

    private static void EndValue(Stack<Node> open)
    {
        if (open.TryPeek(out var node) && node.IsMapping)
        {
            node.Key = null;
        }
    }

    private static bool IsInside(string path) =>
        path.Length > 0 && !Path.IsPathRooted(path) && !path.Split('/', '\\').Contains("..") && path.IndexOfAny(Path.GetInvalidPathChars()) < 0;

    private static string ReadText(string file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {e.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw new UsageException($"{file} is not UTF-8 text.");
        }
    }

    private sealed record Node(bool IsMapping, string? Name)
    {
        public string? Key { get; set; }
    }
}
