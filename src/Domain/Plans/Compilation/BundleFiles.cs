using System.Security.Cryptography;
using System.Text;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>The files of a bundle while its plan is compiled: finds them, reads each once, and knows which were used.</summary>
internal sealed class BundleFiles(IReadOnlyDictionary<string, string> files)
{
    private readonly HashSet<string> _used = [];
    private readonly Dictionary<string, Faults> _faults = [];
    private readonly Dictionary<string, IReadOnlyList<VariableSpec>?> _variables = [];
    private readonly Dictionary<string, SmokeSuite?> _suites = [];

    /// <summary>What is wrong in the files themselves, in the order they were first named.</summary>
    public IEnumerable<Faults> Faults => _faults.Values;

    /// <summary>Paths that nothing named.</summary>
    public IEnumerable<string> Unused => files.Keys.Where(path => !_used.Contains(path)).Order(StringComparer.Ordinal);

    public IReadOnlyList<VariableSpec>? Variables(string path, Node at, Faults faults) =>
        Find(path, at, faults) is not { } text ? null : Once(_variables, path, f => VariablesFile.Read(text, f), showsValues: false);

    public SmokeSuite? Suite(string path, Node at, Faults faults) =>
        Find(path, at, faults) is not { } text ? null : Once(_suites, path, f => SmokeFile.Read(text, f), showsValues: true);

    public SqlFile? Sql(string path, Node at, Faults faults)
    {
        if (Find(path, at, faults) is not { } text)
        {
            return null;
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            faults.Add("empty-file", at, $"'{path}' holds no SQL.");
        }

        return new SqlFile(path, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    /// <summary>Whether a path stays below the folder of the plan.</summary>
    public static bool IsInside(string path) =>
        path.Length > 0 && path[0] is not ('/' or '~') && !path.Contains('\\') && !path.Contains(':') && !path.Any(char.IsControl)
        && !path.Split('/').Any(part => part is ".." or "");

    private string? Find(string path, Node at, Faults faults)
    {
        if (!IsInside(path))
        {
            faults.Add("bad-path", at, $"'{path}' is not a path below the plan's folder.", "a relative path with '/', without '..'");
            return null;
        }

        _used.Add(path);
        if (files.TryGetValue(path, out var text))
        {
            return text;
        }

        faults.Add("missing-file", at, $"'{path}' does not exist, or was not sent along.", Spelling.Suggest(path, files.Keys));
        return null;
    }

    private T? Once<T>(Dictionary<string, T?> read, string path, Func<Faults, T?> compile, bool showsValues)
        where T : class
    {
        if (!read.TryGetValue(path, out var found))
        {
            // A file that is named as two different things is reported as both.
            var faults = new Faults(path, showsValues);
            _faults[$"{typeof(T).Name}:{path}"] = faults;
            read[path] = found = compile(faults);
        }

        return found;
    }
}
