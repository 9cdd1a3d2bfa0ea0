using System.CommandLine;
using Sluice.Domain.Plans;

namespace Sluice.Cli.CommandLine;

/// <summary>Options that every verb takes.</summary>
internal static class CommonOptions
{
    public static Option<string?> Url { get; } = new("--url")
    {
        Description = "Server address; else SLUICE_URL, else the server of the data folder, else http://127.0.0.1:7717.",
        HelpName = "URL",
        Recursive = true,
    };

    public static Option<string?> KeyFile { get; } = new("--key-file")
    {
        Description = "File that holds the key; else SLUICE_KEY, else admin.key of the data folder for a server on this machine.",
        HelpName = "FILE",
        Recursive = true,
    };

    public static Option<string?> Data { get; } = new("--data")
    {
        Description = "Data folder; else SLUICE_DATA, else ~/.local/state/sluice.",
        HelpName = "FOLDER",
        Recursive = true,
    };

    public static Option<bool> Json { get; } = new("--json") { Description = "Write JSON.", Recursive = true };

    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Say more, stack traces included.", Recursive = true };

    /// <summary>An option that takes 90s, 15m, 1h30m.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (Durations.TryParse(text, out var duration))
            {
                return duration;
            }

            result.AddError($"{name} is a duration such as 90s, 15m or 1h30m, not '{text}'.");
            return null;
        },
    };
}
