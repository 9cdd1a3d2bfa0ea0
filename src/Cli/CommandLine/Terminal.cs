using Spectre.Console;

namespace Sluice.Cli.CommandLine;

/// <summary>Where the program writes. Colour, live redrawing and lines between steps are for people at a terminal; a pipe gets plain words.</summary>
/// <param name="output">Results.</param>
/// <param name="error">Everything else.</param>
/// <param name="interactive">Whether a person is looking.</param>
/// <param name="time">The clock for ages and waits.</param>
public sealed class Terminal(TextWriter output, TextWriter error, bool interactive, TimeProvider time)
{
    /// <summary>Results.</summary>
    public TextWriter Output => output;

    /// <summary>Everything else.</summary>
    public TextWriter Error => error;

    /// <summary>Whether a person is looking.</summary>
    public bool Interactive => interactive;

    /// <summary>The clock for ages and waits.</summary>
    public TimeProvider Time => time;

    /// <summary>Writes text with Spectre markup; without it where nobody looks.</summary>
    public void WriteMarkup(string markup)
    {
        if (interactive)
        {
            AnsiConsole.Write(new Markup(markup + Environment.NewLine));
        }
        else
        {
            output.WriteLine(Markup.Remove(markup));
        }
    }

    /// <summary>The process's own. <c>NO_COLOR</c> and <c>TERM=dumb</c> count as a pipe.</summary>
    public static Terminal OfConsole()
    {
        var plain = Console.IsOutputRedirected
            || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 }
            || Environment.GetEnvironmentVariable("TERM") == "dumb";
        return new Terminal(Console.Out, Console.Error, !plain, TimeProvider.System);
    }
}
