using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Sluice.Engine.Tests;

/// <summary>What the engine itself says.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    private readonly List<(int Event, string Text)> _written = [];

    /// <summary>The lines of one event so far.</summary>
    public List<string> Of(int eventId)
    {
        lock (_written)
        {
            return [.. _written.Where(l => l.Event == eventId).Select(l => l.Text)];
        }
    }

    public ILogger CreateLogger(string categoryName) => categoryName == "Sluice.Engine" ? this : NullLogger.Instance;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_written)
        {
            _written.Add((eventId.Id, formatter(state, exception)));
        }
    }

    public void Dispose()
    {
    }
}
