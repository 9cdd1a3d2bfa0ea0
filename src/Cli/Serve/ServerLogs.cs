using Microsoft.Extensions.Logging;
using Sluice.Cli.CommandLine;
using Sluice.Platforms.Process;

namespace Sluice.Cli.Serve;

/// <summary>The server's log: everything from Information into <c>logs/server.log</c>, what needs a person to the terminal.</summary>
internal sealed class ServerLogs : ILoggerProvider
{
    private const long MaxBytes = 10 * 1024 * 1024;
    private const int FilesKept = 3;
    private readonly Lock _gate = new();
    private readonly string _file;
    private readonly Terminal _terminal;
    private readonly LogLevel _terminalLevel;
    private StreamWriter _writer;

    private ServerLogs(DataFolder folder, bool verbose, Terminal terminal)
    {
        _terminal = terminal;
        _terminalLevel = verbose ? LogLevel.Information : LogLevel.Error;
        _file = Path.Combine(folder.Path, "logs", "server.log");
        PrivateFile.CreateFolder(Path.GetDirectoryName(_file)!);
        _writer = Open();
    }

    public static ILoggerFactory Create(DataFolder folder, bool verbose, Terminal terminal)
    {
        var provider = new ServerLogs(folder, verbose, terminal);
        return LoggerFactory.Create(b => b
            .SetMinimumLevel(LogLevel.Information)
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddProvider(provider));
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
        lock (_gate)
        {
            _writer.Dispose();
        }
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var line = $"{_terminal.Time.GetUtcNow().UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {level.ToString().ToLowerInvariant()} {category}: {message}";
        lock (_gate)
        {
            if (_writer.BaseStream.Length > MaxBytes)
            {
                Rotate();
            }

            _writer.WriteLine(line);
            if (exception is not null)
            {
                _writer.WriteLine(exception);
            }

            if (level >= _terminalLevel)
            {
                _terminal.Error.WriteLine(exception is null ? message : $"{message}: {exception.Message}");
            }
        }
    }

    private void Rotate()
    {
        _writer.Dispose();
        for (var i = FilesKept - 1; i > 0; i--)
        {
            var from = i == 1 ? _file : $"{_file}.{i - 1}";
            if (File.Exists(from))
            {
                File.Move(from, $"{_file}.{i}", overwrite: true);
            }
        }

        _writer = Open();
    }

    private StreamWriter Open() => new(PrivateFile.Open(_file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

    private sealed class Category(ServerLogs logs, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Write(logLevel, name, formatter(state, exception), exception);
    }
}
